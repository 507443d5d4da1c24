export { exp64, expm164 } from "./exp.ts";
export { cosh64, sinh64, tanh64 } from "./hyperbolic.ts";
export { log64, log1p64 } from "./log.ts";
export { pow64 } from "./pow.ts";
export { cos64, sin64, tan64 } from "./trig.ts";
