import { backendFor, isRelaxed } from "./choices.ts";
import { installCompiler } from "./engine.ts";
import { executableOf } from "./executable.ts";
import { makePlacement } from "./pool/placement.ts";
import { bring } from "./transfer.ts";

// One of the library's import-time effects (see `sideEffects` in package.json): installs the compiler. Functions that
// compile programs or choose backends import this module. Single operations on arrays are then compiled as well, to
// WebAssembly if they are large.
installCompiler({ executableOf, backendFor, placementOf: makePlacement, bring, isRelaxed });
