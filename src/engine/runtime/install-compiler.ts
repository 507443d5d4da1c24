import { backendFor, isRelaxed } from "./choices.ts";
import { installCompiler } from "./engine.ts";
import { executableOf } from "./executable.ts";
import { makePlacement } from "./pool/placement.ts";
import { bring } from "./transfer.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json). Those who compile programs or choose how
// import this; then single operations on arrays are compiled the same way, to WebAssembly where they are large.
installCompiler({ executableOf, backendFor, placementOf: makePlacement, bring, isRelaxed });
