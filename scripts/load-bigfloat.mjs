// Gives the scripts the reference functions of the tests, which are TypeScript.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../test/support/bigfloat.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
const source = Buffer.from(/** @type {import("esbuild").OutputFile} */ (outputFiles[0]).contents).toString(
  "base64",
);
/** @type {typeof import("../test/support/bigfloat.ts")} */
const big = await import(`data:text/javascript;base64,${source}`);

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
  sinh,
  cosh,
  erf,
  pi,
  ln2,
} = big;
