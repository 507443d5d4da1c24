import { canGenerateCode, jsBackend } from "../backends/js/index.ts";
import { installEvaluator } from "../trace/bind.ts";
import { installGenerator } from "./engine.ts";
import { evaluate } from "./evaluate.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json): operations outside any trace
// are computed by running their kernels.
installEvaluator(evaluate);
installGenerator({ backend: jsBackend, isAllowed: canGenerateCode });
