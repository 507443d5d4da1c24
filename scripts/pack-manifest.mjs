// Writes the manifest of a package as published: without scripts (`prepare` builds a clone, and npm warns of it in a packed file), and with
// the addresses of project.json. `npm pack` and `npm publish` run it in the folder of the package before they pack (prepack), and with
// --restore afterwards (postpack).
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { projectAddresses, publishedManifest } from "./project.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.cwd();
const manifest = join(folder, "package.json");
const directory = relative(root, folder);
const saved = join(root, ".tmp", `package${directory === "" ? "" : `-${basename(folder)}`}.json`);

if (process.argv.includes("--restore")) {
  if (existsSync(saved)) renameSync(saved, manifest);
} else {
  const text = readFileSync(manifest, "utf8");
  const published = publishedManifest(
    JSON.parse(text),
    projectAddresses(),
    directory === "" ? undefined : directory,
  );
  mkdirSync(join(root, ".tmp"), { recursive: true });
  writeFileSync(saved, text);
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`);
}
