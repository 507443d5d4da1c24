// Gives the scripts the reference functions of the tests, which are TypeScript.
import { importTypeScript } from "./bundle.mjs";

const big = /** @type {typeof import("../test/support/bigfloat.ts")} */ (
  await importTypeScript(`export * from "./test/support/bigfloat.ts"`)
);

export const {
  one,
  exactly,
  toNumber,
  mul,
  div,
  sqrt,
  exp,
  log,
  sinCos,
  sin,
  cos,
  atan,
  asin,
  sinh,
  cosh,
  erf,
  pi,
  ln2,
} = big;
