// Writes the pages of the reference from the doc comments of the sources: for each module an index by what functions do
// (docs/public-names.json), a page for each function, class and constant, and one page for all types. What a function takes as options
// stands on its own page; types that are the state of something come last.
//
// Usage: node site/reference.mjs     in docs/; writes api/
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application, LogLevel, ReflectionKind, TSConfigReader } from "typedoc";
import { fileOf, moduleIndex, pageOf, slugOf, typesPage } from "./reference-pages.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = `${root}docs/`;
const out = `${docs}api`;
/** @type {import("./public-names.mjs").NamedModule[]} */
const modules = JSON.parse(readFileSync(new URL("../public-names.json", import.meta.url), "utf8"));

/** Files that declare options without exporting them by name. */
const elsewhere = ["src/engine/ir/tensor.ts", "src/numeric/array/create.ts"];

const app = await Application.bootstrap(
  {
    entryPoints: [...modules.map(({ entry }) => entry), ...elsewhere].map((path) => root + path),
    tsconfig: `${docs}tsconfig.json`,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    sort: ["source-order"],
    validation: false, // types that no module exports are shown as text
    logLevel: LogLevel.Error,
  },
  [new TSConfigReader()],
);
const project = await app.convert();
if (project === undefined) throw new Error("typedoc could not read the sources");

const reflections = project.getChildrenByKind(ReflectionKind.Module);
/** @param {string} path @returns what the file of that path exports */
const membersOf = (path) => {
  const wanted = path.replace(/^src\//, "").replace(/(^|\/)index\.ts$|\.ts$/, "") || "index";
  const reflection = reflections.find(({ name }) => name.replace(/\/index$/, "") === wanted);
  if (reflection === undefined) throw new Error(`typedoc has no module ${wanted}`);
  return (reflection.children ?? []).map((one) => (one.isReference() ? one.getTargetReflectionDeep() : one));
};
const otherOptions = elsewhere.flatMap(membersOf);

rmSync(out, { recursive: true, force: true });
let pages = 0;
/** @param {string} path @param {string} text */
const write = (path, text) => {
  mkdirSync(`${out}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
  writeFileSync(`${out}/${path}`, text);
  pages++;
};

for (const module of modules) {
  const folder = slugOf(module.name);
  const members = membersOf(module.entry);
  write(`${folder}/index.md`, moduleIndex(module, members));
  for (const { name } of module.groups.flatMap(({ functions }) => functions)) {
    const member = members.find(
      (one) => one.name === name && !one.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias]),
    );
    if (member === undefined) throw new Error(`docs/public-names.json: ${module.name} exports no ${name}`);
    write(`${folder}/${fileOf(name)}.md`, pageOf(module, member, [...members, ...otherOptions]));
  }
  const types = members.filter((one) => one.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias]));
  if (types.length > 0) write(`${folder}/types.md`, typesPage(module, types));
}
write(
  "index.md",
  [
    "# Reference",
    "",
    "Every function by its module, grouped by what it does. [Operations](../ops.md) has the derivative and the error of each operation over arrays.",
    "",
    ...modules.map(({ name, text, groups }) => {
      const count = groups.reduce((sum, { functions }) => sum + functions.length, 0);
      return `- [\`${name}\`](${slugOf(name)}/index.md): ${text}${count === 0 ? "" : ` ${count} names.`}`;
    }),
    "",
  ].join("\n"),
);
const sidebar = modules.map(({ name, groups }) => ({
  text: name,
  link: `/api/${slugOf(name)}/`,
  collapsed: true,
  items: groups.map(({ title }) => ({ text: title, link: `/api/${slugOf(name)}/#${anchorOf(title)}` })),
}));
writeFileSync(`${out}/sidebar.json`, JSON.stringify(sidebar));
console.log(`${pages} pages of ${modules.length} modules in docs/api`);

/** @param {string} title */
function anchorOf(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9\s-]/g, "")
    .trim()
    .replaceAll(/\s+/g, "-");
}
