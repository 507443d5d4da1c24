// Makes src/viz/page.generated.ts: the script and the style of the pages that toHtml writes, as strings with their
// hashes. The script is src/viz/page/ and what it imports, bundled and minified.
//
// Usage: node scripts/build-page.mjs [--check]     --check only tells whether the file is up to date
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "src/viz/page");
const target = join(root, "src/viz/page.generated.ts");

const dagre = dirname(createRequire(import.meta.url).resolve("@dagrejs/dagre/package.json"));
const licence = readFileSync(join(dagre, "LICENSE"), "utf8").trim();

const { outputFiles } = await build({
  stdin: { contents: `import { start } from "./main.ts"; start();`, resolveDir: page, loader: "ts" },
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: "es2022",
  write: false,
  absWorkingDir: root,
  banner: { js: `/*! This page draws graphs with @dagrejs/dagre:\n\n${licence}\n*/` },
});
const script = outputFiles[0]?.text.trim() ?? "";
const graph = await transform(readFileSync(join(page, "../graph-style.ts"), "utf8"), { loader: "ts" });
const { graphStyle } = await import(`data:text/javascript,${encodeURIComponent(graph.code)}`);
const css = await transform(`${graphStyle}\n${readFileSync(join(page, "page.css"), "utf8")}`, {
  loader: "css",
  minify: true,
});
const style = css.code.trim();

/** @param {string} text */
const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const content = `// Made by scripts/build-page.mjs from src/viz/page/. Do not edit.
export const pageScript: string = ${JSON.stringify(script)};
export const pageScriptHash: string = ${JSON.stringify(hash(script))};
export const pageStyle: string = ${JSON.stringify(style)};
export const pageStyleHash: string = ${JSON.stringify(hash(style))};
`;

if (!process.argv.includes("--check")) writeFileSync(target, content);
else if (readFileSync(target, "utf8") !== content) {
  console.error("src/viz/page.generated.ts is out of date: run node scripts/build-page.mjs");
  process.exitCode = 1;
}
