import { installEvaluator } from "../trace/bind.ts";
import { evaluate } from "./evaluate.ts";

// One of the library's import-time effects (see `sideEffects` in package.json): installs the evaluator, which computes
// operations outside of traces by running their kernels.
installEvaluator(evaluate);
