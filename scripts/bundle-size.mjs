// Bundles the programs of bundle-budget.json against dist/ as a user's bundler would, runs each bundle, and checks its
// size against the committed numbers. Running it proves that the import-time effects named in `sideEffects` survived.
// Bundling for a browser proves that no reachable module imports Node's own modules.
//
// Usage: node scripts/bundle-size.mjs [--update]    --update writes the numbers of now as the new budget
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
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
 * @property {{ to: string, most: number }} [adds] the bundle that this one extends, and the most bytes of gzip that it may add
 * @property {string[]} [primitives] the names of the primitives that are left in it
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const budgetFile = join(root, "bundle-budget.json");
const update = process.argv.includes("--update");

// Sizes above the budget by more than this fail; sizes below it by more than this require a lower budget.
const tolerance = { over: 0.02, under: 0.05 };

// Bytes of a file of dist/ that may remain in every bundle that uses part of it: constants that esbuild keeps.
const mostLeft = 1000;

/** @type {Bundle[]} */
const bundles = JSON.parse(readFileSync(budgetFile, "utf8"));
const allPrimitives = countPrimitives();
/** @type {string[]} */
const problems = [];
const notes = [];
const measured = [];

for (const bundle of bundles) {
  const { name, code, prints, adds } = bundle;
  let min, readable;
  try {
    [min, readable] = [await bundled(code, true), await bundled(code, false)];
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    continue;
  }
  const size = { min: min.length, gzip: gzipSync(min, { level: 9 }).length };
  const primitives = primitivesOf(readable);
  measured.push({ name, code, prints, ...(adds && { adds }), ...size, primitives });
  const kept = `${primitives.length} of ${allPrimitives} primitives: ${primitives.join(" ")}`;
  console.log(`${name}: ${size.min} B, ${size.gzip} B gzip; ${kept}`);

  const ran = spawnSync(process.execPath, ["--input-type=module"], { input: min, encoding: "utf8" });
  if (ran.status !== 0) problems.push(`${name}: the bundle does not run:\n${ran.stderr}`);
  else if (ran.stdout.trimEnd() !== prints)
    problems.push(`${name}: prints ${ran.stdout.trimEnd()}, not ${prints}`);

  if (adds !== undefined) {
    const base = measured.find((other) => other.name === adds.to);
    const added = size.gzip - (base?.gzip ?? NaN);
    console.log(`${name}: adds ${added} B gzip to ${adds.to}`);
    if (!(added <= adds.most))
      problems.push(`${name}: adds ${added} B gzip to ${adds.to}, of at most ${adds.most} B`);
  }
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

// A file of dist/ holds many modules. A bundle can leave out the modules that do nothing when they are loaded.
for (const file of pieces()) {
  const rest = (await leftOf(file)).length;
  if (rest > mostLeft)
    problems.push(
      `dist/${file}: ${rest} B stay in a bundle that uses nothing of it: mark calls /* @__PURE__ */`,
    );
}

if (update && problems.length === 0) {
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
    tsconfigRaw: {}, // otherwise the paths of tsconfig.json would lead to src/
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

/** The files of dist/ that consist of modules without side effects. */
function pieces() {
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folder = join(root, "dist");
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => file.endsWith(".js") && !/(^|\/)index\.js$/.test(file))
    .filter((file) => !/^(cli|course|race-page)\//.test(file)) // programs and pages, which have no importers
    .filter((file) => !sideEffects.includes(`./dist/${file}`));
  if (!found.includes("core.js")) throw new Error("dist/core.js was not found: nothing would be checked");
  return found;
}

/**
 * Returns the minified code that a bundler keeps of a file whose exports are unused.
 *
 * @param {string} file of dist/
 */
async function leftOf(file) {
  const path = join(root, "dist", file);
  const { outputFiles } = await build({
    stdin: { contents: "import 'the file'" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    plugins: [
      {
        name: "only this file",
        setup: ({ onResolve }) =>
          onResolve({ filter: /./ }, (found) =>
            found.path === "the file"
              ? { path, sideEffects: true }
              : { path: found.path, external: true, sideEffects: false },
          ),
      },
    ],
  });
  return /** @type {{ text: string }} */ (outputFiles[0]).text;
}

/**
 * The primitives that a module or bundle defines. By convention they are top-level constants with names like `cosPrim`
 * and `sumPrim`.
 *
 * @param {string} code not minified
 */
function primitivesOf(code) {
  /** @type {string[]} */
  const names = [];
  for (const statement of parseSync("code.js", code).program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id } of statement.declarations) {
      const name = id.type === "Identifier" ? /^(\w+)Prim(?:\$?\d+)?$/.exec(id.name)?.[1] : undefined;
      if (name !== undefined) names.push(name);
    }
  }
  return names.sort();
}

/** Number of primitives that the built package defines. Zero means that the convention above has changed. */
function countPrimitives() {
  const folder = join(root, "dist");
  const files = readdirSync(folder, { encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const count = files.flatMap((file) => primitivesOf(readFileSync(join(folder, file), "utf8"))).length;
  if (count === 0)
    throw new Error("no primitive was found in dist/: the list of a bundle would be empty too");
  return count;
}
