// Writes the page.generated.ts of each folder that produces pages. The file holds the script and the style of the pages
// as strings, with their hashes. The script is the bundled and minified page/ of the folder with its imports. The style
// is the folder's page.css, preceded by the styles of its drawings.
//
// Usage: node scripts/build-page.mjs [--check]     --check only tells whether the files are up to date
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { noticesOf } from "./licences.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dagre = dirname(createRequire(import.meta.url).resolve("@dagrejs/dagre/package.json"));
const licence = readFileSync(join(dagre, "LICENSE"), "utf8").trim();

/**
 * @typedef {object} Page a kind of page
 * @property {string} folder
 * @property {readonly (readonly [module: string, name: string])[]} styles the strings that are its styles, in order, before its page.css; none where the page has them from elsewhere
 * @property {Shared} [shared] the part of the style, before these, that other pages can have too
 * @property {string} [entry] the module that starts the page, if it is more than the start of page/main.ts
 * @property {string} [banner] what the script must say of others' code
 */

/**
 * @typedef {object} Shared style of a drawing that other pages embed, exported by name (`traceStyle`)
 * @property {string} name also that of its sheet, trace.css
 * @property {Page["styles"]} styles
 */

/** @type {readonly Page[]} */
const pages = [
  { folder: "src/pictures/plot", styles: [] },
  { folder: "pages/playground/map-file", styles: [] },
  {
    folder: "src/pictures/viz",
    shared: {
      name: "trace",
      styles: [
        ["src/pictures/viz/graph-style.ts", "graphStyle"],
        ["src/pictures/plot/scroll-style.ts", "scrollStyle"],
        ["src/pictures/viz/page-style.ts", "traceColours"],
      ],
    },
    styles: [
      ["src/pictures/viz/page-style.ts", "pageColours"],
      ["src/pictures/plot/share-style.ts", "shareStyle"],
    ],
    banner: `/*! This page draws graphs with @dagrejs/dagre:\n\n${licence}\n*/`,
  },
  {
    folder: "src/pictures/landscapes",
    // sources import no development dependencies
    entry: `import { start } from "./main.ts"; import { gifOfFrames } from ${JSON.stringify(join(root, "pages/live/gif-frames.ts"))}; start(gifOfFrames);`,
    banner: `/*! ${noticesOf(["modern-gif", "modern-palette"].map((name) => join(root, "node_modules", name)))}*/`,
    styles: [
      ["src/pictures/plot/style.ts", "colourStyle"],
      ["src/pictures/landscapes/draw/style.ts", "mapColours"],
      ["src/pictures/plot/style.ts", "chartStyle"],
      ["src/pictures/plot/live-style.ts", "liveStyle"],
      ["src/pictures/landscapes/draw/style.ts", "mapStyle"],
      ["src/pictures/plot/scroll-style.ts", "scrollStyle"],
      ["src/pictures/plot/at-widths.ts", "widthStyle"],
    ],
  },
];

for (const page of pages) {
  const target = join(root, page.folder, "page.generated.ts");
  const content = await generate(page);
  if (!process.argv.includes("--check")) writeFileSync(target, content);
  else if (readFileSync(target, "utf8") !== content) {
    console.error(`${page.folder}/page.generated.ts is out of date: run node scripts/build-page.mjs`);
    process.exitCode = 1;
  }
}

/** @param {Page} page */
async function generate({ folder, entry, styles, shared, banner }) {
  const source = join(root, folder, "page");
  const script = await bundle(
    { contents: entry ?? `import { start } from "./main.ts"; start();`, resolveDir: source, loader: "ts" },
    banner,
  );
  const made = `// Made by scripts/build-page.mjs from ${folder}/page/. Do not edit.
export const pageScript: string = ${JSON.stringify(script)};
export const pageScriptHash: string = ${JSON.stringify(hash(script))};
`;
  if (styles.length === 0) return made;
  /** @param {string} name */
  const sheet = (name) => readFileSync(join(source, `${name}.css`), "utf8");
  const head =
    shared === undefined ? "" : await minify(`${await stylesOf(shared.styles)}\n${sheet(shared.name)}`);
  const own = await minify(`${await stylesOf(styles)}\n${sheet("page")}`);
  const exported =
    shared === undefined ? "" : `export const ${shared.name}Style: string = ${JSON.stringify(head)};\n`;
  return `${made}${exported}export const pageStyle: string = ${shared === undefined ? "" : `${shared.name}Style + `}${JSON.stringify(own)};
export const pageStyleHash: string = ${JSON.stringify(hash(head + own))};
`;
}

/** @param {Page["styles"]} styles */
async function stylesOf(styles) {
  const { outputFiles } = await build({
    stdin: {
      contents: styles
        .map(([module, name], i) => `export { ${name} as style${i} } from "./${module}";`)
        .join("\n"),
      resolveDir: root,
    },
    bundle: true,
    format: "esm",
    write: false,
    absWorkingDir: root,
  });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`);
  return styles.map((_, i) => String(module[`style${i}`])).join("\n");
}

/** @param {string} css */
async function minify(css) {
  const { code } = await transform(css, { loader: "css", minify: true });
  return code.trim();
}

/**
 * @param {import("esbuild").StdinOptions} stdin
 * @param {string | undefined} banner
 */
async function bundle(stdin, banner) {
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "iife",
    target: "es2022",
    write: false,
    absWorkingDir: root,
    logOverride: { "empty-import-meta": "silent" }, // errors look for the library's folder, and a page has none
    ...(banner === undefined ? {} : { banner: { js: banner } }),
  });
  return outputFiles[0]?.text.trim() ?? "";
}

/** @param {string} text */
function hash(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
