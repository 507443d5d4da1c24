// Checks the package against `package-budget.json`: the size of the download and of the pages in it. The sizes of the
// other parts are printed only.
//
// Usage: node scripts/package-size.mjs TARBALL [--update]    --update writes the numbers of now as the new budget
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const budgetFile = join(root, "package-budget.json");
const update = process.argv.includes("--update");
const tarball = process.argv[2];
if (tarball === undefined || tarball.startsWith("--")) {
  console.error("Usage: node scripts/package-size.mjs TARBALL [--update]");
  process.exit(2);
}

// Sizes above the budget by more than this share fail; sizes below it by more than this share require a lower budget.
const tolerance = { over: 0.02, under: 0.05 };

/** Parts of the package by path pattern; the first match counts. @type {Record<string, RegExp>} */
const parts = {
  "the course": /^dist\/course\//,
  "pages of races": /^dist\/race-page\//,
  types: /\.d\.ts$/,
  "the command": /^dist\/cli\//,
  "the library": /^dist\//,
  "texts and the manifest": /^/,
};

const packed = readFileSync(tarball);
/** @type {Map<string, Buffer[]>} */
const contents = new Map(Object.keys(parts).map((name) => [name, []]));
for (const { path, bytes } of filesIn(gunzipSync(packed))) {
  const [name] = /** @type {[string, RegExp]} */ (
    Object.entries(parts).find(([, pattern]) => pattern.test(path))
  );
  contents.get(name)?.push(bytes);
}
const measured = Object.fromEntries([
  ["the package", packed.length],
  ...[...contents].map(([name, files]) => [name, gzipSync(Buffer.concat(files), { level: 9 }).length]),
]);

/** @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(budgetFile, "utf8"));
if (update) {
  for (const name of Object.keys(budget)) budget[name] = measured[name] ?? 0;
  writeFileSync(budgetFile, `${JSON.stringify(budget, undefined, 2)}\n`);
}
const problems = [];
for (const [name, bytes] of Object.entries(measured)) {
  const held = budget[name];
  const line = `${name}: ${bytes} B gzip${held === undefined ? "" : `, the budget is ${held} B`}`;
  console.log(line);
  if (held === undefined) continue;
  if (!(bytes <= held * (1 + tolerance.over))) problems.push(line);
  else if (bytes < held * (1 - tolerance.under)) console.log("  much smaller: lower it with --update");
}
if (problems.length > 0) {
  console.log(
    `Too large: ${problems.join("; ")}. Where the growth is meant, say why in the commit and run: node scripts/package-size.mjs ${tarball} --update`,
  );
  process.exitCode = 1;
} else console.log(`${packed.length} B packed, its pages within their budgets`);

/**
 * The files of a tar archive as npm writes it: below `package/`, in blocks of 512 bytes.
 *
 * @param {Buffer} tar
 */
function* filesIn(tar) {
  for (let at = 0; at + 512 <= tar.length;) {
    const field = (/** @type {number} */ from, /** @type {number} */ length) =>
      tar.toString("utf8", at + from, at + from + length).replace(/\0.*/s, "");
    const size = Number.parseInt(field(124, 12), 8);
    if (Number.isNaN(size)) return; // blocks of zeros end it
    const path = [field(345, 155), field(0, 100)].filter((part) => part !== "").join("/");
    if (field(156, 1) === "0")
      yield { path: path.replace(/^package\//, ""), bytes: tar.subarray(at + 512, at + 512 + size) };
    at += 512 * (1 + Math.ceil(size / 512));
  }
}
