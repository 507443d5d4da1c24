import { canGenerateCode, jsBackend } from "../backends/js/index.ts";
import { installGenerator } from "./engine.ts";

// One of the library's import-time effects (see `sideEffects` in package.json): installs the JavaScript backend, so
// that kernels become JavaScript where code generation is allowed, and are not interpreted.
installGenerator({ backend: jsBackend, isAllowed: canGenerateCode });
