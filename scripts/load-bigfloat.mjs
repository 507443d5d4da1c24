// Loads the reference functions of the tests, which are TypeScript, into scripts.
import { importTypeScript } from "./bundle.mjs";

const big =
  /** @type {typeof import("../test/support/bigfloat.ts") & typeof import("../test/support/biggamma.ts")} */ (
    await importTypeScript(
      `export * from "./test/support/bigfloat.ts"; export * from "./test/support/biggamma.ts";`,
    )
  );

export const { one, exactly, toNumber, mul, div, sqrt, pi } = big;
export const { exp, log, sin, cos, atan, asin, sinh, cosh, tanh, erf, logGamma, digamma } = big;
