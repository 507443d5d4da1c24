// Bundles the modules of src/ for dist/ (grouped by pieces.mjs), together with the pages that the package serves. The
// pages import the library's modules as users do, so that the package contains one engine.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { RolldownMagicString, build } from "rolldown";
import { helpersIn } from "./helpers-at-once.mjs";
import { effectsOf, piecesOf, reachedFrom } from "./pieces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
/** The folders of src/, in their order. @type {readonly string[]} */
const layers = JSON.parse(readFileSync(join(root, "layers.json"), "utf8")).order;

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * Shortens the modules, because the time of `import "downhill"` is mostly parsing. Only local variables get short names:
 * names of functions, classes and top-level constants appear in stack traces and messages. Lines remain, because Node
 * prints the line of an uncaught error. ASCII characters let an engine store one byte per character. Bundlers need the
 * annotations of pure calls, which `comments` keeps.
 *
 * @type {NonNullable<import("rolldown").OutputOptions["minify"]>}
 */
const shorter = {
  compress: false,
  mangle: { toplevel: false, keepNames: true },
  codegen: { removeWhitespace: false, asciiOnly: true },
};

/**
 * True for a package to be imported from its own folder. Pages contain the peers that they use, because peers are optional.
 *
 * @param {string} id
 * @param {string | undefined} importer
 */
function isOtherPackage(id, importer) {
  if (Object.hasOwn(manifest.dependencies, id)) return true;
  return Object.hasOwn(manifest.peerDependencies, id) && importer?.startsWith(src) !== false;
}

/**
 * Writes the modules with short local names. Only comments that bundlers read remain.
 *
 * @param {string} out
 * @param {object} [more]
 * @param {string} [more.without] an engine-specific workaround to leave out
 * @param {boolean} [more.maps] with source maps, and readable
 * @param {{ at: string, sources: import("./pages.mjs").SectionSources }} [more.section] pages whose own modules go, minified, to the folder
 *   `assets/` of the folder `at`, which has a slash at its end
 * @returns {Promise<readonly (import("rolldown").OutputChunk | import("rolldown").OutputAsset)[]>}
 */
export async function writeModules(out, { without: workAround, maps = false, section } = {}) {
  const { exports, bin } = manifest;
  const targets = [...Object.values(exports).map((target) => target.default), ...Object.values(bin)];
  const entries = targets
    .filter((target) => target !== undefined)
    .map((target) => target.replace(/^(?:\.\/)?dist\//, "").replace(/\.js$/, ""));
  const sources = entries.map(sourceOf);
  writeTypes(out, entries, sources);

  const effects = effectsOf(root);
  /** The modules that the entries of the library reach. @type {ReadonlySet<string> | undefined} */
  let ofLibrary;
  /** @type {ReturnType<typeof piecesOf> | undefined} */
  let pieceOf;

  const { output } = await build({
    cwd: root,
    tsconfig: join(root, "tsconfig.json"), // maps `downhill` in pages to the sources, and configures JSX
    input: {
      ...Object.fromEntries(entries.map((entry, i) => [entry, join(src, `${sources[i]}.ts`)])),
      ...Object.fromEntries(
        Object.entries(section?.sources.input ?? {}).map(([name, id]) => [
          `${section?.at}assets/${name}`,
          id,
        ]),
      ),
    },
    platform: "neutral",
    external: (id, importer) => id.startsWith("node:") || isOtherPackage(id, importer),
    preserveEntrySignatures: "allow-extension",
    treeshake: {
      moduleSideEffects: (id) =>
        !id.startsWith(src) || effects.includes(pathOf(id)) || /\/(index|main)\.ts$/.test(id),
    },
    logLevel: "warn",
    checks: { bundlerTimings: false, invalidAnnotation: false }, // callbacks take most of the time on a busy machine
    plugins: [
      ...(workAround === undefined ? [] : [without(workAround)]),
      ...(section === undefined ? [] : [section.sources.plugin, minified(`${section.at}assets/`)]),
      helpersAtOnce,
      withBuildId,
    ],
    output: {
      dir: out,
      sourcemap: maps,
      minify: maps ? false : shorter,
      comments: { jsdoc: false },
      minifyInternalExports: false,
      entryFileNames: "[name].js",
      chunkFileNames({ name, facadeModuleId, moduleIds }) {
        if (name === "rolldown-runtime") return "[name].js";
        if (!moduleIds.some((id) => ofLibrary?.has(id))) return `${section?.at}assets/[name].js`;
        // Installing modules of an entry that pages share: a bundle must not leave them out (see `sideEffects` in
        // package.json).
        if (moduleIds.every((id) => sources.includes(pathOf(id).replace(/\.ts$/, ""))))
          return "entries/[name].js";
        if (/^(?:base|core)(?:-|$)|\//.test(name)) return "[name].js";
        if (facadeModuleId) return pathOf(facadeModuleId).replace(/\.ts$/, ".js");
        return "cli/[name].js";
      },
      codeSplitting: {
        groups: [
          {
            debugName: "pieces",
            name(id, context) {
              ofLibrary ??= reachedFrom(
                sources.map((source) => join(src, `${source}.ts`)),
                (path) => {
                  const { importedIds = [], dynamicallyImportedIds = [] } = context.getModuleInfo(path) ?? {};
                  return [...importedIds, ...dynamicallyImportedIds].filter((one) => one.startsWith(src));
                },
              );
              const library = {
                main: "index.ts",
                entries: sources.map((source) => `${source}.ts`),
                command: "cli/process.ts",
                modules: [...ofLibrary].map(pathOf),
                folders: layers,
                effects,
              };
              pieceOf ??= piecesOf(library, (path) => {
                const imported = context.getModuleInfo(join(src, path))?.importedIds ?? [];
                return imported.map((module) => (module.startsWith(src) ? pathOf(module) : module));
              });
              const path = pathOf(id);
              // The commands stay separate, because each is loaded when it is called.
              const isApart = sources.includes(path.replace(/\.ts$/, "")) || path.startsWith("cli/");
              return isApart || !ofLibrary.has(id) ? null : pieceOf(path);
            },
            includeDependenciesRecursively: false,
          },
        ],
      },
    },
  });
  return output;
}

/** @param {string} id @returns {string} relative to src/ */
const pathOf = (id) => relative(src, id).split(sep).join("/");

/**
 * Writes the type declarations of the entries. An entry's types are at the path of its source; a forwarding file next
 * to its module leads to them.
 *
 * @param {string} out
 * @param {readonly string[]} entries
 * @param {readonly string[]} sources
 */
function writeTypes(out, entries, sources) {
  for (const [i, entry] of entries.entries()) {
    const source = sources[i];
    if (source === entry) continue;
    mkdirSync(join(out, dirname(entry)), { recursive: true });
    writeFileSync(join(out, `${entry}.d.ts`), `export * from "../${source}.js";\n`);
  }
}

/** @type {import("rolldown").Plugin} */
const helpersAtOnce = {
  name: "helpers at once",
  transform(code, id) {
    if (!id.startsWith(src)) return null;
    const marked = new RolldownMagicString(code);
    for (const { start, end } of helpersIn(id, code)) {
      marked.appendRight(start, "(");
      marked.appendLeft(end, ")");
    }
    return { code: marked.toString(), map: marked.generateMap({ hires: true }).toString() };
  },
};

/** Inserts the hash of the sources into the library. @type {import("rolldown").Plugin} */
const withBuildId = {
  name: "build",
  transform(code, id) {
    if (pathOf(id) !== "engine/util/version.ts") return null;
    const place = 'buildId: string = "sources"';
    if (!code.includes(place)) throw new Error(`${id} lacks ${place}`);
    return { code: code.replace(place, `buildId: string = "${hashOfSources()}"`), map: null };
  },
};

/** A hash of the sources that determine compiled code. */
function hashOfSources() {
  const hash = createHash("sha256");
  for (const folder of ["engine", "numeric/plain"])
    for (const file of readdirSync(join(src, folder), { recursive: true, encoding: "utf8" }).sort())
      if (file.endsWith(".ts") && !file.endsWith(".test.ts"))
        hash.update(file).update(readFileSync(join(src, folder, file)));
  return hash.digest("hex").slice(0, 16);
}

/**
 * Minifies the modules of a folder, which are not meant to be read.
 *
 * @param {string} folder with a slash at its end
 * @returns {import("rolldown").Plugin}
 */
function minified(folder) {
  return {
    name: "minified",
    async renderChunk(code, { fileName }) {
      if (!fileName.startsWith(folder)) return null;
      return (await transform(code, { format: "esm", target: "es2023", minify: true })).code;
    },
  };
}

/**
 * Builds without an engine-specific workaround.
 *
 * @param {string} name
 * @returns {import("rolldown").Plugin}
 */
function without(name) {
  const file = join(src, "engine/backends/wasm/engines", `${name}.ts`);
  const need = /isFor: [^\n]*\n/;
  if (!existsSync(file) || !need.test(readFileSync(file, "utf8")))
    throw new Error(`--without ${name}: there is no such work-around in ${dirname(file)}`);
  return {
    name: "without a work-around",
    transform: (code, id) =>
      id === file ? { code: code.replace(need, "isFor: () => false,\n"), map: null } : null,
  };
}

/**
 * @param {string} entry as dist/ has it: `optim/index`
 * @returns {string} as src/ has it, in its group: `numeric/optim/index`
 */
function sourceOf(entry) {
  // of two folders with the same name the later one is public: `engine/tree` serves `numeric/tree`
  const folder = layers.findLast((path) => path.split("/").at(-1) === entry.split("/")[0]);
  return folder === undefined ? entry : [folder, ...entry.split("/").slice(1)].join("/");
}
