// What the page of the playground computes while a slider is dragged: the script time of each frame in Chromium, by its tracing. The worker
// is beside it, and not in it. Not a row of the bench: it needs a Chromium, and the pages as they are built.
//
// Usage, in the root: node bench/playground.mjs [--frames 120] [--json]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { buildSection, runModule } from "../scripts/pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { frames: { type: "string", default: "120" }, json: { type: "boolean", default: false } },
});
const frames = Number(values.frames);

/** What is dragged in which view. */
const scenes = [
  { name: "derivative", state: {} },
  {
    name: "derivative of ten lines",
    state: {
      text: "a = x*y; b = sin(a); c = exp(-b^2); d = c + x; p = d*y; f = tanh(p); g = f^2 + c; h = g*a; k = log(1 + h^2); k + d",
    },
  },
  { name: "plot", state: { view: "plot", text: "exp(-x^2 / 8) * sin(3*x)" } },
  { name: "contours", state: { view: "plot", text: "(1 - x)^2 + 100*(y - x^2)^2" } },
  { name: "descent", state: { view: "descent", text: "x^2 + 3*y^2", steps: "100" } },
];

const folder = mkdtempSync(join(tmpdir(), "downhill-bench-playground-"));
const { serveFolder } = await runModule(
  "serve",
  `export { serveFolder } from ${JSON.stringify(join(root, "src/cli/learn/serve-folder.ts"))};`,
);
const results = [];
try {
  await buildSection("playground", folder);
  const served = await serveFolder(folder, 0);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  for (const { name, state } of scenes) results.push(await measure(browser, served.address, name, state));
  await browser.close();
  await served.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(results));
else
  for (const { name, median, worst, answers } of results)
    console.log(
      `${name.padEnd(26)} ${median.toFixed(2).padStart(6)} ms a frame in the median, ${worst.toFixed(1)} at most, ${answers} answers in ${frames} frames`,
    );

/** Drags the first slider by a step each frame, and takes the script time of the page's own thread from the browser's counters. */
async function measure(browser, address, name, state) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${address}#${new URLSearchParams(state)}`);
  await page.locator("html[data-alive]").waitFor({ state: "attached" });
  await page.waitForTimeout(1500); // compiled, and the editor is there
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.enable", { timeDomain: "threadTicks" });
  const slider = page.locator('.inputs-of-program input[type="range"]').first();
  const box = await slider.boundingBox();
  const scriptTime = async () => {
    const { metrics } = await devTools.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "ScriptDuration").value * 1000;
  };
  await page.evaluate(() => {
    globalThis.changes = 0;
    new MutationObserver(() => globalThis.changes++).observe(document.getElementById("view"), {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  });
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  const times = [];
  for (let i = 0; i < frames; i++) {
    const before = await scriptTime();
    await page.mouse.move(box.x + box.width * (0.3 + 0.4 * (i / frames)), box.y + box.height / 2);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    times.push((await scriptTime()) - before);
  }
  await page.mouse.up();
  const answers = await page.evaluate(() => globalThis.changes);
  await page.close();
  times.sort((a, b) => a - b);
  return { name, median: times[times.length >> 1], worst: times.at(-1), answers };
}
