// Builds the site into .vitepress/dist/, a folder of plain files that works from any folder of any static server: reference, pages, the
// live pages (course, playground, examples), and the index of the search.
//
// Usage: node site/build.mjs [--keep-reference]     in docs/; the option takes api/ as it is
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { noticesOf } from "../../scripts/licences.mjs";
import { missingAddresses, projectAddresses } from "../../scripts/project.mjs";
import { notFoundPage } from "./not-found-page.mjs";
import { indexOf, sectionsOfHtml, sectionsOfMarkdown, textsOf, weights } from "./search.mjs";
import { fileOf, slugOf } from "./reference-pages.mjs";
import { writeServiceWorker, writeSiteManifest } from "./offline.mjs";
import { writePackage } from "./package-file.mjs";
import { placeholder, relativePage, relativeScript, relativeStyle } from "./relative.mjs";

const docs = fileURLToPath(new URL("..", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = `${docs}.vitepress/dist`;

/** @param {string[]} args @param {string} cwd @param {Record<string, string>} [env] */
function node(args, cwd, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

if (!process.argv.includes("--keep-reference")) node(["site/reference.mjs"], docs);
node(["node_modules/vitepress/bin/vitepress.js", "build"], docs, { SITE_BASE: placeholder });
for (const [file, folder] of filesOf(dist)) {
  const path = file.slice(folder.length + 1);
  const rewrite = path.endsWith(".html")
    ? relativePage
    : path.endsWith(".js")
      ? relativeScript
      : path.endsWith(".css")
        ? relativeStyle
        : undefined;
  if (rewrite === undefined) continue;
  const text = readFileSync(file, "utf8");
  if (text.includes(placeholder)) writeFileSync(file, rewrite(text, path));
}
const before = new Set(readdirSync(dist));
node(["scripts/pages.mjs", "--site", "--out", dist], root);
const live = readdirSync(dist).filter((name) => !before.has(name) && name !== "home");
writePackage(dist);
const packages = [
  "vitepress",
  "vue",
  "@vueuse/core",
  "workbox-core",
  "workbox-precaching",
  "workbox-routing",
  "workbox-strategies",
];
writeFileSync(`${dist}/licences.txt`, noticesOf(packages.map((name) => `${docs}node_modules/${name}`)));
for (const message of missingAddresses(projectAddresses())) console.warn(message);

/** @type {import("./public-names.mjs").NamedModule[]} */
const modules = JSON.parse(readFileSync(new URL("../public-names.json", import.meta.url), "utf8"));
/** The titles of the groups of the reference, by the files of the names in them. */
const groups = new Map(
  modules.flatMap(({ name: module, groups: all }) =>
    all.flatMap(({ title, functions }) =>
      functions.map(({ name }) => [`${slugOf(module)}/${fileOf(name)}.md`, title]),
    ),
  ),
);
/** @type {{ items: { link: string }[] }[]} */
const sidebar = JSON.parse(readFileSync(`${docs}sections.json`, "utf8"));
const guides = sidebar.flatMap(({ items }) => items.map(({ link }) => link));
const sections = [
  ...live.flatMap((name) =>
    [...filesOf(`${dist}/${name}`)]
      .map(([file]) => file)
      .filter((file) => file.endsWith(".html"))
      .flatMap((file) =>
        sectionsOfHtml(readFileSync(file, "utf8"), file.slice(dist.length + 1).replace(/index\.html$/, "")),
      )
      .map((section) => {
        const kind = name === "learn" ? "Course" : "Example";
        return { ...section, kind, weight: weights[kind] };
      }),
  ),
  ...guides.flatMap((link) => {
    const all = sectionsOfMarkdown(
      readFileSync(`${docs}${link.slice(1)}.md`, "utf8"),
      `${link.slice(1)}.html`,
    );
    // of the table of all operations the reference has each by itself
    const shown = link === "/ops" ? all.map((section) => ({ ...section, text: "" })) : all;
    const kind = link.startsWith("/guides/") ? "Guide" : "Docs";
    return shown.map((section) => ({ ...section, kind, weight: weights[kind] }));
  }),
  ...[...filesOf(`${docs}api`)]
    .map(([file]) => file.slice(`${docs}api/`.length))
    .filter((path) => /^\w+\/[\w-]+\.md$/.test(path) && !/\/(index|types)\.md$/.test(path))
    .map((path) => {
      const [, name = "", what = ""] =
        /^# (.*)\n\n.*\n\n([^\n]*)/.exec(readFileSync(`${docs}api/${path}`, "utf8")) ?? [];
      return {
        page: name,
        heading: name,
        url: `api/${path.replace(/\.md$/, ".html")}`,
        // its group says what it is about where its first sentence does not
        text: [(what.startsWith("`") ? "" : what).split(". ")[0] ?? "", groups.get(path) ?? ""]
          .filter((part) => part !== "")
          .join(" · "),
        kind: "Reference",
        weight: weights.Reference,
      };
    }),
];
const index = JSON.stringify(indexOf(sections));
writeFileSync(`${dist}/search-index.json`, index);
writeFileSync(`${dist}/search-texts.json`, JSON.stringify(textsOf(sections)));
writeFileSync(`${dist}/404.html`, await notFoundPage());
/** @type {{ description: string }} */
const { description } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
writeSiteManifest(dist, { description, ...projectAddresses() });
const cached = await writeServiceWorker(dist);

const files = [...filesOf(dist)].map(([file]) => file);
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
const pages = files.filter((file) => file.endsWith(".html")).length;
console.log(
  `${pages} pages, ${(bytes / 1e6).toFixed(1)} MB; ${sections.length} sections in an index of ${(index.length / 1e3).toFixed(0)} KB; live: ${live.join(", ") || "none"}; offline: ${cached.files} files, ${(cached.bytes / 1e6).toFixed(1)} MB`,
);

/** The files of a folder and of those in it. @param {string} folder @returns {Generator<[file: string, folder: string]>} */
function* filesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) yield [`${entry.parentPath ?? entry.path}/${entry.name}`, folder];
}
