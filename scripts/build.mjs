// Compiles src/ into dist/: a few ES modules with their source maps (pieces.mjs says which), and one .d.ts a file.
// It compiles beside dist/ and swaps at the end: no stale module stays (it would be published and would hide a broken
// import), and a failed build leaves the last good one in place.
//
// Usage: node scripts/build.mjs [--out FOLDER] [--without NAME]
//
//   --out      another folder than dist/
//   --without  modules only, with a work-around for engines left out (src/engine/backends/wasm/engines/NAME.ts), so that a bench
//              can show what it brings
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RolldownMagicString, build } from "rolldown";
import { buildRaceFile, buildSection } from "./pages.mjs";
import { helpersIn } from "./helpers-at-once.mjs";
import { effectsOf, piecesOf } from "./pieces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const { values: options } = parseArgs({
  options: { out: { type: "string", default: join(root, "dist") }, without: { type: "string" } },
});
const dist = resolve(options.out);
const next = join(root, `dist-${process.pid}`);

try {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const types = [tsc, "-p", "tsconfig.build.json", "--outDir", next];
  const { status } =
    options.without === undefined
      ? spawnSync(process.execPath, types, { cwd: root, stdio: "inherit" })
      : { status: 0 };
  if (status === 0) {
    await writeModules();
    chmodSync(join(next, "cli/main.js"), 0o755);
    if (options.without === undefined) {
      await buildSection("learn", join(next, "course")); // for `downhill learn`
      await buildRaceFile(join(next, "race-page")); // for `downhill race --out`
    }
    rmSync(dist, { recursive: true, force: true });
    mkdirSync(dirname(dist), { recursive: true });
    renameSync(next, dist);
  }
  process.exitCode = status ?? 1;
} finally {
  rmSync(next, { recursive: true, force: true });
}

/** Puts the modules together, comments left out but for those that bundlers read. */
async function writeModules() {
  const { exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const targets = [...Object.values(exports).map((target) => target.default), ...Object.values(bin)];
  const entries = targets
    .filter((target) => target !== undefined)
    .map((target) => target.replace("./dist/", "").replace(/\.js$/, ""));

  const sources = entries.map(sourceOf);
  // The types of an entry lie where its source does; beside its module stands what leads to them.
  for (const [i, entry] of entries.entries()) {
    const source = /** @type {string} */ (sources[i]);
    if (source === entry) continue;
    mkdirSync(join(next, dirname(entry)), { recursive: true });
    writeFileSync(join(next, `${entry}.d.ts`), `export * from "../${source}.js";\n`);
  }

  const effects = effectsOf(root);
  /** @param {string} id */
  const pathOf = (id) => relative(src, id).split(sep).join("/");
  /** @type {ReturnType<typeof piecesOf> | undefined} */
  let pieceOf;

  await build({
    cwd: root,
    input: Object.fromEntries(entries.map((entry) => [entry, join(src, `${sourceOf(entry)}.ts`)])),
    platform: "neutral",
    external: (id) => !id.startsWith(".") && !isAbsolute(id),
    preserveEntrySignatures: "allow-extension",
    treeshake: { moduleSideEffects: (id) => effects.includes(pathOf(id)) || /\/(index|main)\.ts$/.test(id) },
    logLevel: "warn",
    checks: { bundlerTimings: false }, // on a busy machine callbacks take most of the time; that is no fault of the modules
    plugins: [
      ...(options.without === undefined ? [] : [without(options.without)]),
      {
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
      },
    ],
    output: {
      dir: next,
      sourcemap: true,
      comments: { jsdoc: false },
      minifyInternalExports: false,
      entryFileNames: "[name].js",
      chunkFileNames({ name, facadeModuleId }) {
        const isPiece = name === "core" || /^core-|\//.test(name);
        if (isPiece || name === "rolldown-runtime") return "[name].js";
        return facadeModuleId ? pathOf(facadeModuleId).replace(/\.ts$/, ".js") : "cli/[name].js";
      },
      codeSplitting: {
        groups: [
          {
            debugName: "pieces",
            name(id, context) {
              pieceOf ??= piecesOf("index.ts", effects, (path) => {
                const imported = context.getModuleInfo(join(src, path))?.importedIds ?? [];
                return imported.map((module) => (module.startsWith(src) ? pathOf(module) : module));
              });
              const path = pathOf(id);
              // The commands stay apart: each is loaded when it is called.
              const isApart = sources.includes(path.replace(/\.ts$/, "")) || path.startsWith("cli/");
              return isApart || !id.startsWith(src) ? null : pieceOf(path);
            },
            includeDependenciesRecursively: false,
          },
        ],
      },
    },
  });
}

/**
 * Has no engine need a work-around.
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
  const { order } = JSON.parse(readFileSync(join(root, "layers.json"), "utf8"));
  // of two folders of one name the later one is public: `engine/tree` serves `numeric/tree`
  const folder = order.findLast(
    (/** @type {string} */ path) => path.split("/").at(-1) === entry.split("/")[0],
  );
  return folder === undefined ? entry : [folder, ...entry.split("/").slice(1)].join("/");
}
