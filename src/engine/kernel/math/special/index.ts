export { digamma64, lgamma64 } from "../gamma.ts";
export { gammaDensity64, gammainc64, gammaincByShape64, gammaincc64 } from "./incomplete-gamma.ts";
export { polygamma64, zeta64 } from "./zeta.ts";
