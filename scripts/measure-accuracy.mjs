// Prints how far each transcendental function is from the true value, in ulps: in float64 over seeded random arguments and
// hard ones, against references of 160 bits and more; in float32 over every n-th of all numbers, against float64. Special
// functions it compares with values of mpmath, relatively.
//   node scripts/measure-accuracy.mjs [--samples 20000] [--seed 1] [--stride 1237] [name ...]
//   node scripts/measure-accuracy.mjs --write     writes docs/accuracy.md
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { format, resolveConfig } from "prettier";
import { importTypeScript } from "./bundle.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    stride: { type: "string", default: "1237" },
    write: { type: "boolean", default: false },
  },
});

/**
 * @typedef {typeof import("../test/support/transcendentals.ts") & typeof import("../test/support/singles.ts")
 *   & typeof import("../test/support/special-functions.ts") & typeof import("../src/engine/backends/js/index.ts")} Library
 */
const {
  transcendentals,
  measure,
  singles,
  measureSingle,
  singlesOfTwo,
  measureSingleOfTwo,
  specialFunctions,
  measureSpecial,
  jsBackend,
} = /** @type {Library} */ (
  await importTypeScript(
    `export * from "./test/support/transcendentals.ts"; export * from "./test/support/singles.ts";
     export * from "./test/support/special-functions.ts";
     export { jsBackend } from "./src/engine/backends/js/index.ts";`,
  )
);

const isWanted = (/** @type {string} */ name) => positionals.length === 0 || positionals.includes(name);
/** @type {{ dtype: string, name: string, samples: number, ulps: number, at: string }[]} */
const rows = [];

for (const each of transcendentals) {
  const { name } = each.procedure;
  if (!isWanted(name)) continue;
  const compute = jsBackend.compileProcedure(each.procedure);
  const { samples, ulps, at } = measure(each, compute, Number(values.samples), Number(values.seed));
  show({ dtype: "float64", name, samples, ulps, at: at.join(", ") });
}
for (const each of singles) {
  const { name } = each.procedure;
  if (!isWanted(name)) continue;
  const [compute, exact] = [each.procedure, each.reference].map(jsBackend.compileProcedure);
  if (compute === undefined || exact === undefined) continue;
  const { samples, ulps, at } = measureSingle(each, compute, exact, Number(values.stride));
  show({ dtype: "float32", name: name.replace(/32$/, ""), samples, ulps, at: String(at) });
}
for (const { procedure, reference } of singlesOfTwo) {
  const { name } = procedure;
  if (!isWanted(name)) continue;
  const [compute, exact] = [procedure, reference].map(jsBackend.compileProcedure);
  if (compute === undefined || exact === undefined) continue;
  const { samples, ulps, at } = measureSingleOfTwo(compute, exact, 1_000_000);
  show({ dtype: "float32", name: name.replace(/32$/, ""), samples, ulps, at: at.join(", ") });
}
/** @type {{ name: string, points: number, relative: number, ofAllowed: number, at: string }[]} */
const specialRows = [];
/** @type {import("../test/support/special-functions.ts").SpecialPoints} */
const specialPoints = JSON.parse(
  readFileSync(new URL("../test/testdata/special/special-functions.json", import.meta.url), "utf8"),
);
for (const each of specialFunctions) {
  const { name } = each.procedure;
  if (!isWanted(name)) continue;
  const { points, relative, ofAllowed, at } = measureSpecial(
    each,
    jsBackend.compileProcedure(each.procedure),
    specialPoints,
  );
  specialRows.push({ name, points, relative, ofAllowed, at: at.join(", ") });
  console.log(
    `special  ${name.padEnd(16)} ${points}  ${relative.toExponential(1)}  ${ofAllowed.toFixed(3)}  ${at.join(", ")}`,
  );
}
if (values.write) await write();

/** @param {typeof rows[number]} row */
function show(row) {
  rows.push(row);
  const { dtype, name, samples, ulps, at } = row;
  console.log(`${dtype}  ${name.padEnd(9)} ${String(samples).padStart(8)}  ${ulps.toFixed(3)}  ${at}`);
}

async function write() {
  const table = (/** @type {string} */ dtype) =>
    [
      "| function | greatest error, ulp | at | arguments tried |",
      "| --- | ---: | --- | ---: |",
      ...rows
        .filter((row) => row.dtype === dtype)
        .map(({ name, ulps, at, samples }) => `| ${name} | ${ulps.toFixed(2)} | ${at} | ${samples} |`),
    ].join("\n");
  const text = `# Accuracy

How far the transcendental functions are from the true values, in units of the last place (ulp): half a unit is the
least that rounding allows. They are procedures of our own, so that they have the same bits in the interpreter, in
JavaScript and in WebAssembly. Made by \`node scripts/measure-accuracy.mjs --write\`.

## float64

Against references of 160 bits and more, over seeded random arguments of several ranges and arguments known to be hard.

${table("float64")}

## float32

Against float64, over every ${values.stride}th of all float32 numbers in the range where the result is finite and not 0, of two arguments over drawn
pairs. The functions that are not listed are computed in float64 and rounded: half an ulp.

${table("float32")}

## Special functions

Float64 against values of mpmath (\`test/testdata/special\`), whose arguments lie between 1e−2 and 1e4 where nothing else is natural.
Right is an error of 4 ulps for functions of one argument and of 1e−13 of the value for those of several; where that is more, what 4
units in the last place of the arguments change, which is all that can be had near zeros and in far tails. Derivatives in parameters
(\`gammaincByShape1\` is that of \`gammainc\` in a) are held to 1e−12, second and third ones to 1e−8. The last column is the place where
most of what is allowed was used.

| function | greatest relative error | greatest part of what is allowed | at | points |
| --- | ---: | ---: | --- | ---: |
${specialRows.map((row) => `| ${row.name} | ${row.relative.toExponential(1)} | ${row.ofAllowed.toFixed(2)} | ${row.at} | ${row.points} |`).join("\n")}
`;
  const file = fileURLToPath(new URL("../docs/accuracy.md", import.meta.url));
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
