export { digamma64, lgamma64 } from "../gamma.ts";
export { beta64, betaln64 } from "./beta.ts";
export { besselRatio64, i064, i0eByOrder64, i0e64, i164, i1e64 } from "./bessel.ts";
export { entr64, klDiv64, logit64, relEntr64 } from "./information.ts";
export { betaDensity64, betainc64, betaincByShapes64, betaincOfSquare64 } from "./incomplete-beta.ts";
export { gammaDensity64, gammainc64, gammaincByShape64, gammaincc64 } from "./incomplete-gamma.ts";
export {
  betaincinv64,
  betaincOfSquareInverse64,
  gammainccinv64,
  gammaincinv64,
} from "./inverse-incomplete.ts";
export { erfcinv64, erfinv64, logNdtr64, ndtr64, ndtri64, normalHazard64 } from "./normal.ts";
export { polygamma64, zeta64 } from "./zeta.ts";
export { digammaRise64 } from "./stirling.ts";
