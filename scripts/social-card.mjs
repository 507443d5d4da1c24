// Writes the picture that links to the site show, docs/public/card.png, and the icons of the site: photographs of docs/pictures/descent.svg
// with the measured figures of the README, and of docs/public/favicon.svg. Needs a Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { figuresOf } from "../bench/figures.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { figures } = figuresOf(readFileSync(join(root, "README.md"), "utf8"));
const race = readFileSync(join(root, "docs/pictures/descent.svg"), "utf8");
const favicon = readFileSync(join(root, "docs/public/favicon.svg")).toString("base64");
const icon = `<img alt="" src="data:image/svg+xml;base64,${favicon}">`; // an image, so that its style is its own

const card = `<!doctype html><meta charset="utf-8"><style>
*{box-sizing:border-box}
body{margin:0;width:1200px;height:630px;padding:52px 56px 40px;background:#fff;color:#1f2328;font-family:system-ui,"DejaVu Sans",sans-serif;display:grid;grid-template:1fr auto/1fr 560px;gap:26px 40px}
h1{margin:18px 0 0;font-size:46px;line-height:1.14;letter-spacing:-.02em;font-weight:700}
.name{display:flex;gap:14px;align-items:center;font-size:30px;font-weight:600}
.name img{width:46px;height:46px}
.race svg{width:560px}
dl{grid-column:1/-1;display:grid;grid-template-columns:repeat(3,1fr);gap:30px;margin:0;padding-top:22px;border-top:2px solid #d1d9e0}
dt{font-size:30px;font-weight:700}
dd{margin:2px 0 0;font-size:18px;line-height:1.35;color:#59636e}
</style>
<div><div class="name">${icon}downhill</div><h1>Automatic differentiation and gradient descent for TypeScript</h1></div>
<div class="race">${race}</div>
<dl>${figures
  .slice(0, 3)
  .map(({ value, work, compared }) => `<div><dt>${value}</dt><dd>${work}<br>${compared}</dd></div>`)
  .join("")}</dl>`;
const square = (/** @type {number} */ margin) =>
  `<!doctype html><style>body{margin:0;background:#fff}img{position:absolute;inset:${margin}%;width:${100 - 2 * margin}%;height:${100 - 2 * margin}%}</style>${icon}`;

const pictures = /** @type {const} */ ([
  ["card.png", 1200, 630, card],
  ["icon-192.png", 192, 192, square(12)],
  ["icon-512.png", 512, 512, square(12)],
  ["apple-touch-icon.png", 180, 180, square(12)],
]);

const profile = mkdtempSync(join(tmpdir(), "downhill-card-"));
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
args.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  args,
});
try {
  const page = await browser.newPage();
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  for (const [name, width, height, html] of pictures) {
    const path = join(root, "docs/public", name);
    await page.setViewportSize({ width, height });
    await page.setContent(html);
    await page.screenshot({ path });
    console.log(`docs/public/${name}: ${(statSync(path).size / 1000).toFixed(1)} KB`);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
