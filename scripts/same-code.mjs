// Shows that a change of prose changed nothing else. Compiles each TypeScript and JavaScript file that differs between
// two revisions, without comments and white space, and compares the results byte by byte. Types do not count, because
// the compiler removes them. Markdown and other files are not compared.
//
// Usage: node scripts/same-code.mjs BASE [HEAD]     HEAD defaults to the working tree
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { transform } from "esbuild";

const [base, head] = process.argv.slice(2);
if (base === undefined) {
  console.error("usage: node scripts/same-code.mjs BASE [HEAD]");
  process.exit(2);
}

const range = head === undefined ? [base] : [base, head];
const changed = git("diff", "--name-only", "--no-renames", ...range)
  .split("\n")
  .filter((file) => /\.(ts|tsx|mts|mjs|js|jsx)$/.test(file) && !file.endsWith(".d.ts"));

/** @type {string[]} */
const different = [];
for (const file of changed) {
  const [before, after] = [at(base, file), head === undefined ? inTree(file) : at(head, file)];
  if (before === undefined || after === undefined)
    different.push(`${file} (${before === undefined ? "new" : "removed"})`);
  else if ((await compiled(file, before)) !== (await compiled(file, after))) different.push(file);
}

if (different.length > 0) {
  console.error(`the code differs in ${different.length} of ${changed.length} changed files:`);
  for (const file of different) console.error(`  ${file}`);
  process.exit(1);
}
console.log(`the code of ${changed.length} changed files is unchanged`);

/** @param {string} file @param {string} text */
async function compiled(file, text) {
  const loader = file.endsWith("x") ? "tsx" : "ts";
  const options = { loader, jsx: "preserve", legalComments: "none", minifyWhitespace: true };
  return (await transform(text, /** @type {import("esbuild").TransformOptions} */ (options))).code;
}

/** @param {string} revision @param {string} file */
function at(revision, file) {
  try {
    return git("show", `${revision}:${file}`);
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function inTree(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** @param {string[]} parameters */
function git(...parameters) {
  return execFileSync("git", parameters, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
