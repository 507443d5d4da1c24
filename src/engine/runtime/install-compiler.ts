import { installCompiler } from "./engine.ts";
import { executableOf } from "./executable.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json). Those who compile programs or choose how
// import this; then single operations on arrays are compiled the same way, to WebAssembly where they are large.
installCompiler({ executableOf });
