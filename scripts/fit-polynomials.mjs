// Derives the coefficients of src/engine/kernel/math/coefficients.ts and prints that file.
//   node scripts/fit-polynomials.mjs            prints
//   node scripts/fit-polynomials.mjs --write    writes
//   node scripts/fit-polynomials.mjs NAME …     prints these fits only
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { fits } from "./fits.mjs";
import { gaussLegendre } from "./gauss-legendre.mjs";
import { fitPolynomial } from "./remez.mjs";

let text = `// Made by \`node scripts/fit-polynomials.mjs --write\`; do not edit.\n`;
const names = process.argv.slice(2).filter((word) => word !== "--write");
for (const fit of fits) {
  if (names.length > 0 && !names.includes(fit.name)) continue;
  const { coefficients, error, ideal } = fitPolynomial(fit);
  const log2 = Math.log2(error).toFixed(1);
  console.error(`${fit.name}: error 2^${log2} (with real coefficients 2^${Math.log2(ideal).toFixed(1)})`);
  text += `\n/** Coefficients of P in ${fit.says}. Error of the formula: 2^${log2}. */\n`;
  text += `export const ${fit.name}: readonly number[] = [${coefficients.join(", ")}];\n`;
}
const { nodes, weights } = gaussLegendre(28);
text += `\n/** Nodes and \`integrationWeights\` of the Gauss–Legendre rule with 28 nodes, for integrals from 0 to 1. */\n`;
text += `export const integrationNodes: readonly number[] = [${nodes.join(", ")}];\n`;
text += `export const integrationWeights: readonly number[] = [${weights.join(", ")}];\n`;
const file = fileURLToPath(new URL("../src/engine/kernel/math/coefficients.ts", import.meta.url));
const formatted = await format(text, { ...(await resolveConfig(file)), filepath: file });
if (process.argv.includes("--write") && names.length === 0) writeFileSync(file, formatted);
else process.stdout.write(formatted);
