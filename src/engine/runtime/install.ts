// One of the library's import-time effects (see `sideEffects` in package.json): installs the evaluator and the
// JavaScript backend. All entry points except `downhill/core` import it, for speed.
import "./install-evaluator.ts";
import "./install-generator.ts";
