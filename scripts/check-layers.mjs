// Checks src/ against the import rules of layers.json:
//
//   order     a file may import from its own folder and from folders before it in `order`
//   only      a folder named here may import nothing but the folders listed (and itself)
//   separate  the sub-folders of a folder named here share nothing with one another
//   inside    the order of the sub-folders of a folder; files directly in it come after them
//   node      folders that may import Node's own modules; everything else runs in a browser too
//   interface the files of a group (`engine`) that files outside the group may import. Each of them is imported from outside
//
// and checks that run-time imports form no cycle. Type-only imports obey the folder rule but
// may meet in a cycle within one folder: they are gone after compilation. Tests may import anything.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Visitor, parseSync } from "oxc-parser";

const usage =
  "Usage: node scripts/check-layers.mjs [ROOT]     ROOT contains layers.json, package.json and src/";

/**
 * @typedef {object} Tree
 * @property {string} src
 * @property {{ order: string[], only: Record<string, string[]>, separate: string[], inside?: Record<string, string[]>, node: string[],
 *   interface?: Record<string, string[]> }} layers
 * @property {{ name: string, dependencies?: Record<string, string> }} manifest
 * @property {string[]} files sources below src/ without tests, as paths relative to src/ with forward slashes
 * @property {string[]} problems
 */

/** @typedef {Map<string, { to: string, typeOnly: boolean }[]>} Edges imports of each file that lead to another file of src/ */

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "--help") console.log(usage);
  else {
    const { problems, summary } = checkLayers(
      resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url))),
    );
    for (const problem of problems) console.error(problem);
    console.log(summary);
    if (problems.length > 0) process.exitCode = 1;
  }
}

/**
 * Checks the sources of a folder.
 *
 * @param {string} root contains layers.json, package.json and src/
 * @returns {{ problems: string[], summary: string }}
 */
export function checkLayers(root) {
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  const src = join(root, "src");
  /** @type {Tree} */
  const tree = {
    src,
    layers: read("layers.json"),
    manifest: read("package.json"),
    files: sourceFiles(src),
    problems: [],
  };
  checkFolders(tree);
  /** @type {Edges} */
  const edges = new Map();
  for (const file of tree.files)
    edges.set(
      file,
      importsOf(tree, file).flatMap((found) => checkImport(tree, file, found)),
    );
  checkInterface(tree, edges);
  const { files, problems } = tree;
  for (const cycle of runtimeCycles(tree, edges)) problems.push(`import cycle: ${cycle.join(" -> ")}`);

  const edgeCount = [...edges.values()].reduce((sum, list) => sum + list.length, 0);
  // A check without input must not pass: a renamed folder or a changed parser would disable it silently.
  if (files.length === 0) problems.push("no source file was found: nothing was checked");
  else if (edgeCount === 0) problems.push("no import was found in any file: nothing was checked");
  return {
    problems,
    summary: `layers: ${files.length} files, ${edgeCount} imports, ${problems.length} problems`,
  };
}

/** Checks that each file is in a folder of layers.json, and that each sub-folder is in its order. @param {Tree} tree */
function checkFolders({ files, layers, problems }) {
  for (const file of files) {
    const folder = folderOf(layers, file);
    if (folder === "" && file !== "index.ts") {
      const isLoose = !file.includes("/");
      problems.push(
        `src/${file}: ${isLoose ? "only index.ts may be directly in src/" : `${dirname(file)} is not in layers.json`}`,
      );
    }
  }
  for (const [folder, order] of Object.entries(layers.inside ?? {})) {
    const found = new Set(
      files.filter((file) => file.startsWith(`${folder}/`)).map((file) => partOf(file, folder)),
    );
    found.delete("");
    for (const part of found)
      if (!order.includes(part)) problems.push(`src/${folder}/${part}: not in the order inside ${folder}`);
    for (const part of order)
      if (!found.has(part)) problems.push(`layers.json: there is no src/${folder}/${part}`);
  }
}

/** Checks that files outside the group import each file of its interface. @param {Tree} tree @param {Edges} edges */
function checkInterface({ layers, problems }, edges) {
  for (const [group, listed] of Object.entries(layers.interface ?? {})) {
    const used = new Set(
      [...edges].flatMap(([file, list]) => (isWithin(file, group) ? [] : list.map(({ to }) => to))),
    );
    for (const file of listed)
      if (!used.has(file))
        problems.push(
          `layers.json: no file outside ${group} imports src/${file}: remove it from the interface`,
        );
  }
}

/** @param {string} src @returns {string[]} sources below src/ without tests, as paths relative to src/ with forward slashes */
function sourceFiles(src) {
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => path.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(path))
    .filter((path) => !path.startsWith("testdata/") && !path.includes("/testdata/"))
    .sort();
}

/**
 * @typedef {{ specifier: string, typeOnly: boolean, line: number }} Found
 * @param {Tree} tree
 * @param {string} file
 * @returns {Found[]} every import, re-export, `import()` and `import("…")` type with a literal specifier
 */
function importsOf({ src, problems }, file) {
  const text = readFileSync(join(src, file), "utf8");
  const { program, errors } = parseSync(file, text);
  for (const error of errors) problems.push(`src/${file}: does not parse: ${error.message}`);

  /** @type {Found[]} */
  const found = [];
  /** @param {{ start: number }} node @param {unknown} specifier @param {boolean} typeOnly */
  const add = (node, specifier, typeOnly) => {
    if (typeof specifier !== "string") return;
    found.push({ specifier, typeOnly, line: text.slice(0, node.start).split("\n").length });
  };
  // `import { type A }` keeps an empty import when compiled (verbatimModuleSyntax), so only `import type` is type-only.
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source.value, node.importKind === "type"),
    ExportAllDeclaration: (node) => add(node, node.source.value, node.exportKind === "type"),
    ExportNamedDeclaration: (node) => add(node, node.source?.value, node.exportKind === "type"),
    ImportExpression: (node) =>
      add(node, node.source.type === "Literal" ? node.source.value : undefined, false),
    TSImportType: (node) => add(node, node.source.value, true),
  }).visit(program);
  return found;
}

/**
 * @param {Tree} tree
 * @param {string} file
 * @param {Found} found
 * @returns {{ to: string, typeOnly: boolean }[]} the edge to another file of src/, if it leads to one
 */
function checkImport({ src, layers, manifest, problems }, file, { specifier, typeOnly, line }) {
  const folder = folderOf(layers, file);
  /** @param {string} why */
  const refuse = (why) => void problems.push(`src/${file}:${line}: import of "${specifier}": ${why}`);

  if (!specifier.startsWith(".")) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    if (isBuiltin(specifier)) {
      if (!layers.node.includes(folder))
        refuse(`only ${layers.node.join(" and ")} may use Node's own modules`);
    } else if (name === manifest.name) refuse("sources import one another by relative path");
    else if (!Object.hasOwn(manifest.dependencies ?? {}, name))
      refuse("not among the dependencies of package.json");
    return [];
  }

  const target = resolve(src, dirname(file), specifier);
  const to = relative(src, target).split(sep).join("/");
  if (to.startsWith("../")) refuse("leads out of src/");
  else if (!existsSync(target) || !statSync(target).isFile())
    refuse("no such file (write the .ts extension)");
  else {
    const why = forbidden(layers, file, to);
    if (why !== undefined) refuse(why);
    return [{ to, typeOnly }];
  }
  return [];
}

/** @param {Tree["layers"]} layers @param {string} file @param {string} to @returns {string | undefined} why `file` may not import `to` */
function forbidden(layers, file, to) {
  if (/\.test(-d)?\.ts$/.test(to)) return "a source may not import a test";
  for (const [group, listed] of Object.entries(layers.interface ?? {}))
    if (isWithin(to, group) && !isWithin(file, group) && !listed.includes(to))
      return `not in the interface of ${group} (layers.json); import a file that is, or export it from there`;
  const [from, into] = [folderOf(layers, file), folderOf(layers, to)];
  if (into === "") return "src/index.ts is the face of the package; import the file that has the thing";
  if (from === "") return into === "cli" ? "the library may not import its command line" : undefined;
  if (from === into) {
    const [here, there] = [partOf(file, from), partOf(to, from)];
    if (layers.separate.includes(from) && here !== there)
      return `${from}/${here} and ${from}/${there} are separate`;
    return forbiddenInside(layers, file, to);
  }
  const allowed = layers.only[from];
  if (allowed !== undefined && !allowed.includes(into))
    return `${from} may import only ${allowed.join(", ")}`;
  if (layers.order.indexOf(into) > layers.order.indexOf(from))
    return `${from} stands before ${into} in layers.json`;
  return undefined;
}

/** @param {Tree["layers"]} layers @param {string} file @param {string} to @returns {string | undefined} the reason by the order inside their folder */
function forbiddenInside(layers, file, to) {
  for (const [folder, order] of Object.entries(layers.inside ?? {})) {
    if (!file.startsWith(`${folder}/`) || !to.startsWith(`${folder}/`)) continue;
    const [from, into] = [partOf(file, folder), partOf(to, folder)];
    const place = (/** @type {string} */ part) => (part === "" ? Infinity : order.indexOf(part));
    if (place(into) > place(from))
      return into === ""
        ? `files directly in ${folder} come after its sub-folders`
        : `${from} stands before ${into} inside ${folder}`;
  }
  return undefined;
}

/** @param {Tree["layers"]} layers @param {string} file @returns {string} the folder of layers.json that contains it */
function folderOf(layers, file) {
  return layers.order.find((/** @type {string} */ folder) => file.startsWith(`${folder}/`)) ?? "";
}

/** @param {string} file @param {string} group @returns {boolean} */
function isWithin(file, group) {
  return file.startsWith(`${group}/`);
}

/** @param {string} file @param {string} folder @returns {string} the sub-folder of that folder, "" for a file directly in it */
function partOf(file, folder) {
  const rest = file.slice(folder.length + 1);
  return rest.includes("/") ? rest.slice(0, rest.indexOf("/")) : "";
}

/** Cycles of run-time imports, one for each import that closes a cycle, found by depth-first search. @param {Tree} tree @param {Edges} edges */
function runtimeCycles({ files }, edges) {
  /** @type {string[][]} */
  const cycles = [];
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const walk = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const edge of edges.get(file) ?? []) if (!edge.typeOnly) walk(edge.to);
    path.pop();
    done.add(file);
  };
  for (const file of files) walk(file);
  return cycles;
}
