import { canGenerateCode, jsBackend } from "../backends/js/index.ts";
import { installGenerator } from "./engine.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json): kernels become JavaScript, where that
// may be generated, and are not interpreted.
installGenerator({ backend: jsBackend, isAllowed: canGenerateCode });
