// Bundles the programs of bundle-budget.json against dist/ as a user's bundler would, runs each bundle, and holds
// its size to the committed numbers. Running it proves that the two import-time effects named in `sideEffects`
// survived; bundling for a browser proves that nothing it reaches imports Node's own modules.
//
// Usage: node scripts/bundle-size.mjs [--update]    --update writes the numbers of now as the new budget
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { parseSync } from "oxc-parser";

/**
 * @typedef {object} Bundle one program and its budget
 * @property {string} name
 * @property {string} code
 * @property {string} prints what the bundle must print when it runs
 * @property {number} [min] bytes, minified
 * @property {number} [gzip] bytes, minified and compressed
 * @property {string[]} [primitives] the names of the primitives that are left in it
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const budgetFile = join(root, "bundle-budget.json");
const update = process.argv.includes("--update");

// More than this above the budget fails; more than this below it asks for a lower budget.
const tolerance = { over: 0.02, under: 0.05 };

/** @type {Bundle[]} */
const bundles = JSON.parse(readFileSync(budgetFile, "utf8"));
const known = knownPrimitives();
/** @type {string[]} */
const problems = [];
const notes = [];
const measured = [];

for (const bundle of bundles) {
  const { name, code, prints } = bundle;
  const min = await bundled(code, true);
  const size = { min: min.length, gzip: gzipSync(min, { level: 9 }).length };
  const primitives = primitivesOf(await bundled(code, false)).filter((prim) => known.has(prim));
  measured.push({ name, code, prints, ...size, primitives });
  console.log(
    `${name}: ${size.min} B, ${size.gzip} B gzip; ${primitives.length} primitives: ${primitives.join(" ")}`,
  );

  const ran = spawnSync(process.execPath, ["--input-type=module"], { input: min, encoding: "utf8" });
  if (ran.status !== 0) problems.push(`${name}: the bundle does not run:\n${ran.stderr}`);
  else if (ran.stdout.trimEnd() !== prints)
    problems.push(`${name}: prints ${ran.stdout.trimEnd()}, not ${prints}`);

  if (update) continue;
  for (const unit of /** @type {const} */ (["min", "gzip"])) {
    const ratio = size[unit] / (bundle[unit] ?? 0);
    const change = `${name}: ${size[unit]} B ${unit}, the budget is ${bundle[unit] ?? "not set"} B`;
    if (!(ratio <= 1 + tolerance.over)) problems.push(change);
    else if (ratio < 1 - tolerance.under) notes.push(change);
  }
  const added = primitives.filter((prim) => !bundle.primitives?.includes(prim));
  if (added.length > 0) problems.push(`${name}: new primitives came in: ${added.join(", ")}`);
}

if (update) {
  writeFileSync(budgetFile, `${JSON.stringify(measured, undefined, 2)}\n`);
  spawnSync(process.execPath, [join(root, "node_modules/prettier/bin/prettier.cjs"), "--write", budgetFile]);
}
for (const note of notes)
  console.log(`smaller by more than ${tolerance.under * 100} %: ${note}; lower it with --update`);
for (const problem of problems) console.log(problem);
if (problems.length > 0) {
  console.log(
    "Where the growth is meant, say why in the commit and run: node scripts/bundle-size.mjs --update",
  );
  process.exitCode = 1;
} else console.log(`${bundles.length} bundles built, run and within their budgets`);

/** @param {string} code @param {boolean} minify */
async function bundled(code, minify) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    tsconfigRaw: {}, // else the paths of tsconfig.json would lead to src/
    bundle: true,
    write: false,
    minify,
    format: "esm",
    target: "es2023",
    platform: "browser",
    logLevel: "silent",
  });
  return /** @type {{ text: string }} */ (outputFiles[0]).text;
}

/** The names of all primitives that the built package defines. */
function knownPrimitives() {
  const folder = join(root, "dist/prims");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".js"),
  );
  const names = new Set(files.flatMap((file) => primitivesOf(readFileSync(join(folder, file), "utf8"))));
  if (names.size === 0)
    throw new Error("no primitive was found in dist/prims: the search below no longer fits them");
  return names;
}

/**
 * Primitives are top-level constants made by a call that is given their name: `const cosPrim = unary("cos", …)` or
 * `const cosPrim = definePrimitive({ name: "cos", … })`.
 *
 * @param {string} code
 */
function primitivesOf(code) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const statement of parseSync("code.js", code).program.body) {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration?.type !== "VariableDeclaration") continue;
    for (const { init } of declaration.declarations) {
      const argument = init?.type === "CallExpression" ? init.arguments[0] : undefined;
      const name = argument?.type === "ObjectExpression" ? nameProperty(argument) : argument;
      if (name?.type === "Literal" && typeof name.value === "string") names.add(name.value);
    }
  }
  return [...names].sort();
}

/** @param {import("oxc-parser").ObjectExpression} object */
function nameProperty(object) {
  for (const property of object.properties) {
    if (property.type === "Property" && property.key.type === "Identifier" && property.key.name === "name") {
      return property.value;
    }
  }
  return undefined;
}
