export { erf32, erfc32 } from "./erf.ts";
export { exp32, sigmoid32 } from "./exp.ts";
export { log32 } from "./log.ts";
export { softplus32 } from "./softplus.ts";
export { tanh32 } from "./tanh.ts";
export { cos32, sin32 } from "./trig.ts";
