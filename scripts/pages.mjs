// Builds the live pages of the site (course, playground and examples) as folders of static files that work below any
// path of any server. Each page is rendered to HTML here, with the engine running in Node, and becomes interactive in
// the browser.
//
// Usage: node scripts/pages.mjs [--out FOLDER] [--site] [SECTION …]     sections: learn (pages/course), playground, examples (pages/examples)
//
// With --site pages link to the other parts of the site, which docs/site/build.mjs puts beside them. The race of the start page is written
// too.
// Without --out the sections go to .tmp/pages/. scripts/build.mjs puts the course into dist/course/, for `downhill learn`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { build } from "rolldown";
import { noticesOf, packagesIn } from "./licences.mjs";
import { effectsOf } from "./pieces.mjs";
import { projectAddresses } from "./project.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");

/** Folders of the sections, by path in the site. */
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
 * Inputs of a section's bundle.
 *
 * @typedef {object} SectionSources
 * @property {SectionName} name
 * @property {string} folder
 * @property {readonly { slug: string, source: string }[]} pages
 * @property {Readonly<Record<string, string>>} input modules by file name: the start of each page, and the workers. These are the
 *   modules `NAME.worker.ts`; their names include the folder, because several pages use one worker name
 * @property {import("rolldown").Plugin & { readonly transform: (code: string, id: string) => string | null }} plugin resolves the modules that start the
 *   pages, and `new URL("./NAME.worker.js", import.meta.url)` relative to its module
 */

/**
 * @param {SectionName} name
 * @returns {SectionSources}
 */
export function sourcesOf(name) {
  const folder = join(root, folders[name]);
  const pages = filesOf(folder, "page.tsx")
    .map((source) => ({ slug: relative(folder, dirname(source)).split(sep).join("/"), source }))
    .filter(({ source }) => basename(source) === "page.tsx");
  const prefix = "\0page:";
  const live = JSON.stringify(join(root, "pages/live/page.tsx"));
  const workers = new Map(
    [folder, join(root, "pages/live")]
      .flatMap((where) => filesOf(where, ".worker.ts"))
      .map((path) => {
        const place = relative(join(root, "pages"), path).split(sep).slice(1);
        return [path, place.join("-").replace(/\.ts$/, "")];
      }),
  );
  return {
    name,
    folder,
    pages,
    input: Object.fromEntries([
      ...pages.map(({ slug, source }) => [entryOf(name, slug), prefix + source]),
      ...[...workers].map(([path, entry]) => [entry, path]),
    ]),
    plugin: {
      name: "pages",
      resolveId: (id) => (id.startsWith(prefix) ? id : null),
      load(id) {
        if (!id.startsWith(prefix)) return null;
        const page = JSON.stringify(id.slice(prefix.length));
        return `import { page } from ${page};\nimport { start } from ${live};\nvoid start(page);\n`;
      },
      transform(/** @type {string} */ code, /** @type {string} */ id) {
        if (!code.includes(".worker.js")) return null;
        return code.replaceAll(
          /"\.\/([\w-]+\.worker)\.js", import\.meta\.url/g,
          (_, /** @type {string} */ worker) => {
            const entry = workers.get(join(dirname(id), `${worker}.ts`));
            if (entry === undefined) throw new Error(`${id} starts ${worker}.ts, which is not beside it`);
            return `"./${entry}.js", import.meta.url`;
          },
        );
      },
    },
  };
}

/** The name of the module that starts a page. @param {SectionName} section @param {string} slug */
const entryOf = (section, slug) => (slug === "" ? section : slug);

/**
 * Writes a section to a self-contained folder.
 *
 * @param {SectionName} name
 * @param {string} out what is there is replaced
 * @param {{ minify?: boolean, isInSite?: boolean }} [options] by default its modules are minified, and it stands alone
 * @returns {Promise<{ page: string, bytes: number }[]>} what each page loads at first, gzipped
 */
export async function buildSection(name, out, { minify = true, isInSite = false } = {}) {
  rmSync(out, { recursive: true, force: true });
  const sources = sourcesOf(name);
  const entries = Object.entries(sources.input);
  const [output] = await Promise.all([
    buildModules(
      sources,
      entries.filter(([, id]) => !isSeparate(id)),
      { out, minify },
    ),
    buildModules(
      sources,
      entries.filter(([, id]) => isSeparate(id)),
      { out, minify },
    ),
  ]);
  return writeDocuments(sources, output, { out, isInSite });
}

/**
 * True for a worker that imports the whole library. It is bundled separately: a chunk that it shared with pages would
 * contain all functions of the library, and the pages would load them.
 *
 * @param {string} id
 */
function isSeparate(id) {
  return basename(id) === "whole-library.worker.ts";
}

/**
 * Bundles modules into `assets/`.
 *
 * @param {SectionSources} sources
 * @param {readonly (readonly [name: string, id: string])[]} entries
 * @param {{ out: string, minify: boolean }} options
 */
async function buildModules({ plugin }, entries, { out, minify }) {
  if (entries.length === 0) return [];
  const { output } = await build({
    ...common,
    input: Object.fromEntries(entries),
    platform: "browser",
    treeshake: { moduleSideEffects: moduleSideEffects() },
    external: (id) => id.startsWith("node:"), // behind questions for Node
    plugins: [plugin],
    output: {
      dir: out,
      format: "esm",
      minify,
      entryFileNames: "assets/[name].js",
      chunkFileNames: "assets/[name]-[hash].js",
    },
  });
  return output;
}

/**
 * Writes the documents and styles of a section whose modules have been bundled.
 *
 * @param {SectionSources} sources
 * @param {readonly (import("rolldown").OutputChunk | import("rolldown").OutputAsset)[]} output the entries are `assets/NAME.js` below `at`
 * @param {object} place
 * @param {string} place.out folder of the output
 * @param {string} [place.at] the folder of the section in it, with a slash at its end; left out, it is `out` itself
 * @param {Readonly<Record<string, string>>} [place.packages] addresses of other packages' modules, relative to `out`
 * @param {boolean} [place.isInSite] whether it links to the other parts of the site
 * @returns {Promise<{ page: string, bytes: number }[]>} initial load of each page, gzipped
 */
export async function writeDocuments(
  { name, folder, pages },
  output,
  { out, at = "", packages, isInSite = false },
) {
  const modules = graphOf(output);
  const filesBy = new Map(
    pages.map(({ slug }) => [slug, modules.loadedBy(`${at}assets/${entryOf(name, slug)}.js`)]),
  );
  const hasTraces = [...filesBy.values()].some(modules.showsTraces);
  const style = await writeStyle(folder, join(out, at), hasTraces);
  const render = await renderer(folder, pages);
  const { section } = render;
  const sizes = [];
  /** @type {string[]} */
  const listed = linksIn(section).map(({ slug }) => slug);
  /** @type {Map<string, string>} */
  const thumbnails = new Map();
  for (const slug of [...listed, ""]) {
    const here = posix.join(at, slug);
    const fromHere = (/** @type {string} */ path) => {
      const way = posix.relative(here, path);
      return way.startsWith(".") ? way : `./${way}`;
    };
    const files = filesBy.get(slug) ?? [];
    const styles = (modules.showsTraces(files) ? [style.traces, style.all] : [style.all]).map(
      (path) => at + path,
    );
    const html = await render.document({
      slug,
      styles: styles.map(fromHere),
      ...(files[0] === undefined ? {} : { script: fromHere(files[0]) }),
      preloads: files.slice(1).map(fromHere),
      ...(packages === undefined || files.length === 0
        ? {}
        : {
            packages: Object.fromEntries(Object.entries(packages).map(([of, path]) => [of, fromHere(path)])),
          }),
      ...(slug === "" ? { thumbnails } : {}),
      isInSite,
      ...projectAddresses(),
    });
    if (section.pages.some((/** @type {{ slug: string }} */ link) => link.slug === slug))
      thumbnails.set(slug, await render.thumbnail(slug, html));
    mkdirSync(join(out, here), { recursive: true });
    writeFileSync(join(out, here, "index.html"), html);
    const texts = [html, ...[...styles, ...files].map((file) => readFileSync(join(out, file)))];
    sizes.push({ page: slug, bytes: texts.reduce((sum, text) => sum + gzipSync(text).length, 0) });
  }
  writeFileSync(join(out, at, "licences.txt"), noticesOf(packagesIn(output)));
  return sizes;
}

/**
 * Returns all pages of a section in the order of lists.
 *
 * @param {{ pages: readonly { slug: string }[], extras?: readonly { slug: string }[] }} section
 */
function linksIn({ pages, extras = [] }) {
  return [...pages, ...extras];
}

/**
 * Writes the content of the self-contained race page: one script, one style.
 *
 * @param {string} out
 */
export async function buildRaceFile(out) {
  const { output } = await build({
    ...common,
    input: join(root, "pages/race/file.tsx"),
    platform: "browser",
    treeshake: { moduleSideEffects: moduleSideEffects() },
    external: (id) => id.startsWith("node:"),
    output: { file: join(out, "race.js"), format: "iife", minify: true, codeSplitting: false },
  });
  // pages that contain the script are single files, so that the notices are in it
  const script = readFileSync(join(out, "race.js"), "utf8");
  writeFileSync(join(out, "race.js"), `/*!\n${noticesOf(packagesIn(output))}*/\n${script}`);
  await writeStyle(join(root, "pages/race"), out, false);
}

/**
 * Writes the race of the start page: `race.js`, which exports `startRace`, the modules that it loads later, and its style. The page
 * around it has the colour scheme.
 *
 * @param {string} out
 */
export async function buildHomeRace(out) {
  const { output } = await build({
    ...common,
    input: join(root, "pages/home/race.tsx"),
    platform: "browser",
    treeshake: { moduleSideEffects: moduleSideEffects() },
    external: (id) => id.startsWith("node:"),
    output: {
      dir: out,
      format: "esm",
      minify: true,
      entryFileNames: "race.js",
      chunkFileNames: "[name]-[hash].js",
    },
  });
  const from = (/** @type {string} */ path) => JSON.stringify(join(src, "pictures", path));
  const { style } = await runModule(
    "home-style",
    `import { chartStyle } from ${from("plot/style.ts")};
import { colourProperties } from ${from("plot/palette.ts")};
import { mapColours, mapStyle } from ${from("landscapes/draw/style.ts")};
export const style = [\`:root{\${colourProperties}}\`, mapColours, chartStyle, mapStyle].join("\\n");`,
  );
  const own = ["landscape.css", "share.css"].map((name) =>
    readFileSync(join(root, "pages/live", name), "utf8"),
  );
  const { code } = await transform([style, ...own].join("\n"), { loader: "css", minify: true });
  writeFileSync(join(out, "race.css"), code);
  writeFileSync(join(out, "licences.txt"), noticesOf(packagesIn(output)));
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

/** Returns the modules of the library that have side effects when they are loaded. */
function moduleSideEffects() {
  const effects = effectsOf(root);
  return (/** @type {string} */ id) => {
    const path = relative(src, id).split(sep).join("/");
    return path.startsWith("..") || effects.includes(path) || /(?:^|\/)index\.ts$/.test(path);
  };
}

/**
 * Import graph of the files of an output.
 *
 * @param {readonly (import("rolldown").OutputChunk | import("rolldown").OutputAsset)[]} output
 */
export function graphOf(output) {
  const chunks = new Map(
    output.flatMap((chunk) => (chunk.type === "chunk" ? [[chunk.fileName, chunk]] : [])),
  );
  /** Returns the files and packages that a file imports statically, itself included. @param {string} file */
  const importedBy = (file) => {
    const all = new Set([file]);
    for (const one of all) for (const imported of chunks.get(one)?.imports ?? []) all.add(imported);
    return [...all];
  };
  return {
    /** Returns a file and the files that it imports statically. @param {string} file */
    loadedBy: (file) => importedBy(file).filter((one) => chunks.has(one)),
    /** The packages that a file imports statically. @param {string} file */
    packagesOf: (file) => importedBy(file).filter((one) => !chunks.has(one)),
    /** Whether these files or their imports, static or dynamic, show traces. @param {readonly string[]} files */
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
 * Writes the style of a section's pages, which contains the styles of the library's drawings, of live pages and of the
 * section.
 *
 * @param {string} folder
 * @param {string} out
 * @param {boolean} hasTraces among them are pages that show traces
 * @returns {Promise<{ all: string, traces: string }>} paths of the style of all pages and of the style for pages with traces
 */
async function writeStyle(folder, out, hasTraces) {
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
  if (hasTraces) writeFileSync(join(out, "assets/trace.css"), traceStyle);
  return { all: "assets/style.css", traces: "assets/trace.css" };
}

/**
 * Builds the renderer for the documents of a section.
 *
 * @param {string} folder
 * @param {readonly { slug: string, source: string }[]} pages
 */
async function renderer(folder, pages) {
  const own = pages
    .map(({ slug, source }) => ({ slug, source: join(dirname(source), "thumbnail.ts") }))
    .filter(({ source }) => existsSync(source));
  const lines = [
    `export { section } from ${JSON.stringify(join(folder, "contents.ts"))};`,
    `import { section } from ${JSON.stringify(join(folder, "contents.ts"))};`,
    `import { thumbnailOf } from ${JSON.stringify(join(root, "pages/live/thumbnail.ts"))};`,
    ...own.map(({ source }, i) => `import { thumbnail as own${i} } from ${JSON.stringify(source)};`),
    `const owns = new Map([${own.map(({ slug }, i) => `[${JSON.stringify(slug)}, own${i}]`).join(", ")}]);`,
    `import { documentText } from ${JSON.stringify(join(root, "pages/live/frame.tsx"))};`,
    ...pages.map(({ source }, i) => `import { page as page${i} } from ${JSON.stringify(source)};`),
    `const lives = new Map([${pages.map(({ slug }, i) => `[${JSON.stringify(slug)}, page${i}]`).join(", ")}]);`,
    `export const document = async ({ slug, ...rest }) => (await lives.get(slug)?.prepare?.(), await lives.get(slug)?.prerender?.(), documentText({ section, link: [...section.pages, ...(section.extras ?? [])].find((link) => link.slug === slug), live: lives.get(slug), ...rest }));`,
    `export const thumbnail = async (slug, html) => {
  const own = owns.get(slug);
  await own?.prepare();
  return own === undefined ? thumbnailOf(html, slug) : thumbnailOf(await document({ slug, styles: [], preloads: [] }), slug, own);
};`,
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
    options: {
      out: { type: "string", default: join(root, ".tmp/pages") },
      site: { type: "boolean", default: false },
    },
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
    const sizes = await buildSection(name, join(values.out, name), { isInSite: values.site });
    for (const { page, bytes } of sizes) console.log(`${name}/${page}: ${(bytes / 1024).toFixed(1)} KB gzip`);
  }
  if (values.site) await buildHomeRace(join(values.out, "home"));
}
