// Builds the live pages of the site: the course, the playground and the examples, as folders of plain files that work from any place
// of any static server. Each page is rendered to HTML here, with the engine running in Node, and comes alive in the browser.
//
// Usage: node scripts/pages.mjs [--out FOLDER] [SECTION …]     sections: learn (pages/course), playground, examples (pages/examples)
//
// Without --out the sections go to .tmp/pages/. scripts/build.mjs puts the course into dist/course/, for `downhill learn`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { build } from "rolldown";
import { effectsOf } from "./pieces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");

/** The folders of the sections by their place in the site. */
const folders = {
  learn: "pages/course",
  race: "pages/race",
  playground: "pages/playground",
  examples: "pages/examples",
};

/** @typedef {keyof typeof folders} SectionName */

/** @param {SectionName} name */
function isThere(name) {
  return existsSync(join(root, folders[name], "contents.ts"));
}

/**
 * Writes a section to a folder.
 *
 * @param {SectionName} name
 * @param {string} out what is there is replaced
 * @returns {Promise<{ page: string, bytes: number }[]>} what each page loads at first, gzipped
 */
export async function buildSection(name, out) {
  const folder = join(root, folders[name]);
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => /(^|\/)page\.tsx$/.test(path))
    .map((path) => ({ slug: path.replace(/\/?page\.tsx$/, ""), source: join(folder, path) }));
  const entries = Object.fromEntries(
    pages.map(({ slug, source }) => [
      slug === "" ? name : slug,
      `import { page } from ${JSON.stringify(source)};\nimport { start } from ${JSON.stringify(join(root, "pages/live/page.tsx"))};\nvoid start(page);\n`,
    ]),
  );
  const written = await bundleBrowser(entries, workersOf(folder), out);
  const style = await writeStyle(folder, out);
  const render = await renderer(folder, pages);
  const { section } = render;
  const sizes = [];
  /** @type {string[]} */
  const listed = section.pages.map((/** @type {{ slug: string }} */ link) => link.slug);
  /** @type {Map<string, string>} */
  const thumbnails = new Map();
  for (const slug of [...listed, ""]) {
    const up = slug === "" ? "./" : "../";
    const page = pages.find((one) => one.slug === slug);
    const files = page === undefined ? [] : written.loadedBy(slug === "" ? name : slug);
    const styles = written.showsTraces(files) ? [style.traces, style.all] : [style.all];
    const html = await render.document({
      slug,
      styles: styles.map((path) => `${up}${path}`),
      ...(files[0] === undefined ? {} : { script: `${up}${files[0]}` }),
      preloads: files.slice(1).map((file) => `${up}${file}`),
      ...(slug === "" ? { thumbnails } : {}),
    });
    if (section.word === undefined && slug !== "") thumbnails.set(slug, render.thumbnailOf(html, slug));
    mkdirSync(join(out, slug), { recursive: true });
    writeFileSync(join(out, slug, "index.html"), html);
    const texts = [html, ...[...styles, ...files].map((file) => readFileSync(join(out, file)))];
    sizes.push({ page: slug, bytes: texts.reduce((sum, text) => sum + gzipSync(text).length, 0) });
  }
  return sizes;
}

/**
 * Writes what the page of a race that is a file of its own has in it: one script, one style.
 *
 * @param {string} out
 */
export async function buildRaceFile(out) {
  await build({
    ...common,
    input: join(root, "pages/race/file.tsx"),
    platform: "browser",
    treeshake: { moduleSideEffects: moduleSideEffects() },
    external: (id) => id.startsWith("node:"),
    output: { file: join(out, "race.js"), format: "iife", minify: true, codeSplitting: false },
  });
  await writeStyle(join(root, "pages/race"), out);
}

/**
 * The modules `NAME.worker.ts` of a folder, which the pages start as `new URL("./NAME.worker.js", import.meta.url)`.
 *
 * @param {string} folder
 */
function workersOf(folder) {
  return [folder, join(root, "pages/live")].flatMap((where) => filesOf(where, ".worker.ts"));
}

/**
 * @param {string} folder
 * @param {string} end of their names
 */
function filesOf(folder, end) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(end))
    .map((path) => join(folder, path));
}

/** @type {import("rolldown").InputOptions} */
const common = {
  cwd: root,
  tsconfig: join(root, "tsconfig.json"), // leads `downhill` to the sources, and says how JSX is meant
  logLevel: "warn",
  checks: { bundlerTimings: false, invalidAnnotation: false }, // constants of templates are annotated for other bundlers
};

/** Which modules of the library do something when they are loaded. */
function moduleSideEffects() {
  const effects = effectsOf(root);
  return (/** @type {string} */ id) => {
    const path = relative(src, id).split(sep).join("/");
    return path.startsWith("..") || effects.includes(path) || path.endsWith("/index.ts");
  };
}

/**
 * @param {Readonly<Record<string, string>>} entries the text of the module that starts each page
 * @param {readonly string[]} workers
 * @param {string} out
 */
async function bundleBrowser(entries, workers, out) {
  rmSync(out, { recursive: true, force: true });
  if (Object.keys(entries).length === 0) return { loadedBy: () => [], showsTraces: () => false };
  const prefix = "\0page:";
  const { output } = await build({
    ...common,
    input: {
      ...Object.fromEntries(Object.keys(entries).map((name) => [name, prefix + name])),
      ...Object.fromEntries(
        workers.map((path) => [/** @type {string} */ (path.split(sep).at(-1)).replace(/\.ts$/, ""), path]),
      ),
    },
    platform: "browser",
    treeshake: { moduleSideEffects: moduleSideEffects() },
    external: (id) => id.startsWith("node:"), // behind questions for Node
    plugins: [
      {
        name: "pages",
        resolveId: (id) => (id.startsWith(prefix) ? id : null),
        load: (id) => (id.startsWith(prefix) ? entries[id.slice(prefix.length)] : null),
      },
    ],
    output: {
      dir: out,
      format: "esm",
      minify: true,
      entryFileNames: "assets/[name].js",
      chunkFileNames: "assets/[name]-[hash].js",
    },
  });
  const chunks = new Map(
    output.flatMap((chunk) => (chunk.type === "chunk" ? [[chunk.fileName, chunk]] : [])),
  );
  return {
    /** The file of an entry, and what it imports at once. @param {string} name */
    loadedBy(name) {
      const files = new Set([`assets/${name}.js`]);
      for (const file of files)
        for (const imported of chunks.get(file)?.imports ?? []) if (chunks.has(imported)) files.add(imported);
      return [...files];
    },
    /** Whether what these files bring, at once or later, shows traces. @param {readonly string[]} files */
    showsTraces(files) {
      const all = new Set(files);
      for (const file of all) {
        const chunk = chunks.get(file);
        for (const more of [...(chunk?.imports ?? []), ...(chunk?.dynamicImports ?? [])]) all.add(more);
      }
      return [...all].some((file) =>
        chunks.get(file)?.moduleIds.some((id) => id.split(sep).join("/").endsWith("/viz/page/mount.ts")),
      );
    },
  };
}

/**
 * Writes the style of a section's pages: of the library's drawings, of live pages, and of its own.
 *
 * @param {string} folder
 * @param {string} out
 * @returns {Promise<{ all: string, traces: string }>} their paths: of all pages, and of those that show traces
 */
async function writeStyle(folder, out) {
  const from = (/** @type {string} */ path) => JSON.stringify(join(src, "pictures", path));
  const { drawings, traceStyle } = await runModule(
    "styles",
    `import { chartStyle, colourStyle } from ${from("plot/style.ts")};
import { liveStyle } from ${from("plot/live-style.ts")};
import { scrollStyle } from ${from("plot/scroll-style.ts")};
import { mapColours, mapStyle } from ${from("landscapes/draw/style.ts")};
export { traceStyle } from ${from("viz/page.generated.ts")};
export const drawings = [colourStyle, mapColours, chartStyle, liveStyle, mapStyle, scrollStyle].join("\\n");`,
  );
  const own = [join(root, "pages/live"), folder].flatMap((where) => filesOf(where, ".css").toSorted());
  const text = [drawings, ...own.map((path) => readFileSync(path, "utf8"))];
  const { code } = await transform(text.join("\n"), { loader: "css", minify: true });
  mkdirSync(join(out, "assets"), { recursive: true });
  writeFileSync(join(out, "assets/style.css"), code);
  writeFileSync(join(out, "assets/trace.css"), traceStyle);
  return { all: "assets/style.css", traces: "assets/trace.css" };
}

/**
 * What renders the documents of a section.
 *
 * @param {string} folder
 * @param {readonly { slug: string, source: string }[]} pages
 */
async function renderer(folder, pages) {
  const lines = [
    `export { section } from ${JSON.stringify(join(folder, "contents.ts"))};`,
    `import { section } from ${JSON.stringify(join(folder, "contents.ts"))};`,
    `export { thumbnailOf } from ${JSON.stringify(join(root, "pages/live/thumbnail.ts"))};`,
    `import { documentText } from ${JSON.stringify(join(root, "pages/live/frame.tsx"))};`,
    ...pages.map(({ source }, i) => `import { page as page${i} } from ${JSON.stringify(source)};`),
    `const lives = new Map([${pages.map(({ slug }, i) => `[${JSON.stringify(slug)}, page${i}]`).join(", ")}]);`,
    `export const document = async ({ slug, ...rest }) => (await lives.get(slug)?.prepare?.(), documentText({ section, link: section.pages.find((link) => link.slug === slug), live: lives.get(slug), ...rest }));`,
  ];
  return runModule("documents", lines.join("\n"));
}

let ran = 0; // modules

/**
 * Bundles a module for Node, runs it, and returns its exports.
 *
 * @param {string} name
 * @param {string} text
 * @returns {Promise<any>}
 */
export async function runModule(name, text) {
  const file = join(root, ".tmp", `${name}-${process.pid}-${++ran}.mjs`); // modules are loaded once by their names
  const id = `\0${name}`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    await build({
      ...common,
      input: id,
      platform: "node",
      treeshake: { moduleSideEffects: moduleSideEffects() },
      plugins: [
        {
          name: "run",
          resolveId: (asked) => (asked === id ? id : null),
          load: (asked) => (asked === id ? text : null),
        },
      ],
      output: { file, format: "esm", codeSplitting: false },
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(file, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { out: { type: "string", default: join(root, ".tmp/pages") } },
    allowPositionals: true,
  });
  const known = /** @type {SectionName[]} */ (Object.keys(folders));
  const wanted = positionals.length === 0 ? known.filter(isThere) : positionals;
  const stranger = wanted.find((name) => !known.includes(/** @type {SectionName} */ (name)));
  if (stranger !== undefined) {
    console.error(`there is no section ${stranger}: they are ${known.join(", ")}`);
    process.exit(2);
  }
  for (const name of /** @type {SectionName[]} */ (wanted)) {
    const sizes = await buildSection(name, join(values.out, name));
    for (const { page, bytes } of sizes) console.log(`${name}/${page}: ${(bytes / 1024).toFixed(1)} KB gzip`);
  }
}
