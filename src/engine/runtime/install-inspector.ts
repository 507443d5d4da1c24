import { installInspector } from "./engine.ts";
import { showLowering } from "./inspect.ts";

// One of the import-time effects of the library (see `sideEffects` in package.json): jitted functions can show what they become.
installInspector(showLowering);
