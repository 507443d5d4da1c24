// The package as others install it has no scripts: `prepare` builds a clone, and npm warns of it in a packed file. Nor does it say whose
// scripts npm may run here.
// `npm pack` runs this before it packs (prepack), and with --restore afterwards (postpack).
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = `${root}package.json`;
const saved = `${root}.tmp/package.json`;

if (process.argv.includes("--restore")) {
  if (existsSync(saved)) renameSync(saved, manifest);
} else {
  const text = readFileSync(manifest, "utf8");
  const published = JSON.parse(text);
  delete published.scripts;
  delete published.devDependencies;
  delete published.allowScripts;
  mkdirSync(`${root}.tmp`, { recursive: true });
  writeFileSync(saved, text);
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`);
}
