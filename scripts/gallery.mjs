// Writes docs/gallery/*.svg, the moving pictures of examples: each is drawn by the module of its name in pages/gallery/, with the model of
// the example. The two with a training take some seconds.
//
// Usage: node scripts/gallery.mjs [--check] [NAME …]     --check only reports whether the files are up to date
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runModule } from "./pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});
/** @type {{ pictures: Readonly<Record<string, () => string | Promise<string>>> }} */
const { pictures } = await runModule(
  "gallery",
  `export { pictures } from ${JSON.stringify(`${root}pages/gallery/index.ts`)};`,
);
const unknown = positionals.find((name) => !Object.hasOwn(pictures, name));
if (unknown !== undefined) {
  console.error(`There is no picture ${unknown}. The pictures are ${Object.keys(pictures).join(", ")}.`);
  process.exit(2);
}
mkdirSync(`${root}docs/gallery`, { recursive: true });
for (const [name, draw] of Object.entries(pictures)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const file = `${root}docs/gallery/${name}.svg`;
  const svg = await draw();
  if (!values.check) {
    writeFileSync(file, svg);
    console.log(`docs/gallery/${name}.svg: ${(svg.length / 1000).toFixed(1)} KB`);
  } else if (readFileSync(file, "utf8") !== svg) {
    console.error(`docs/gallery/${name}.svg is out of date: node scripts/gallery.mjs writes it`);
    process.exitCode = 1;
  }
}
