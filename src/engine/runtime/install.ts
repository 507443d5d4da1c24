// One of the import-time effects of the library (see `sideEffects` in package.json): what every entry but `downhill/core`
// has, for the sake of speed.
import "./install-evaluator.ts";
import "./install-generator.ts";
