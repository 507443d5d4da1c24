import { installEvaluator } from "../trace/bind.ts";
import { evaluate } from "./evaluate.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json): operations outside any trace
// are computed by running their kernels.
installEvaluator(evaluate);
