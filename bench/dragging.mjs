// Measures the computation of a live page while an element of it is dragged: the script time of each frame of the
// page's main thread in Chromium, by processor time. Workers are not included. It is not a row of the bench, because it
// needs Chromium and the built pages.
//
// Usage, in the root: node bench/dragging.mjs [--frames 60] [--all] [--json] [--profile] [PAGE …]
//
//   PAGE       `learn/batches`, `playground`, `playground/plot`, `examples`: those that begin so; without, all
//   --all      a line for each thing that can be dragged, and not for the slowest of a page alone
//   --profile  the functions that take most of it
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { buildSection, runModule, sourcesOf } from "../scripts/pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    frames: { type: "string", default: "60" },
    all: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const frames = Number(values.frames);

/** Views of the playground, and the source typed into them. */
const views = {
  derivative: {},
  "derivative of ten lines": {
    text: "a = x*y; b = sin(a); c = exp(-b^2); d = c + x; p = d*y; f = tanh(p); g = f^2 + c; h = g*a; k = log(1 + h^2); k + d",
  },
  plot: { view: "plot", text: "exp(-x^2 / 8) * sin(3*x)" },
  contours: { view: "plot", text: "(1 - x)^2 + 100*(y - x^2)^2" },
  descent: { view: "descent", text: "x^2 + 3*y^2", steps: "100" },
};

const sections = /** @type {const} */ (["learn", "playground", "examples"]);
const pages = sections
  .flatMap((section) =>
    section === "playground"
      ? Object.entries(views).map(([view, state]) => ({
          section,
          name: `${section}/${view}`,
          path: `#${new URLSearchParams(state)}`,
        }))
      : sourcesOf(section).pages.map(({ slug }) => ({
          section,
          name: `${section}/${slug}`,
          path: `${slug}/`,
        })),
  )
  .filter(({ name }) => positionals.length === 0 || positionals.some((start) => name.startsWith(start)));

/** Draggable elements. */
const draggable = [
  'input[type="range"]:not(:disabled)',
  ".drag",
  ".map-start",
  ".handle",
  '[role="slider"]:not(input)',
].join(", ");

const folder = mkdtempSync(join(tmpdir(), "downhill-bench-dragging-"));
const { serveFolder } = await runModule(
  "serve",
  `export { serveFolder } from ${JSON.stringify(join(root, "src/cli/learn/serve-folder.ts"))};`,
);
const results = [];
try {
  for (const section of new Set(pages.map(({ section: name }) => name)))
    await buildSection(section, join(folder, section), { minify: !values.profile });
  const served = await serveFolder(folder, 0);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  for (const { section, name, path } of pages) {
    const drags = await measurePage(browser, `${served.address}${section}/${path}`);
    drags.sort((a, b) => b.median - a.median);
    results.push(...drags.map((drag) => ({ page: name, ...drag })));
    if (!values.json) for (const drag of values.all ? drags : drags.slice(0, 1)) show(name, drag);
  }
  await browser.close();
  await served.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(results));

function show(name, { what, median, mean, most, functions }) {
  const times = [median, mean, most].map((time) => time.toFixed(2).padStart(7));
  console.log(`${name.padEnd(36)} ${times.join("")} ms a frame in the median, the mean and at most: ${what}`);
  for (const [place, share] of functions) console.log(`  ${(100 * share).toFixed(1).padStart(5)} % ${place}`);
}

/** Drags every draggable element of a page. */
async function measurePage(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(address);
  await page.locator("html[data-alive]").waitFor({ state: "attached" });
  await page.waitForTimeout(1500); // compiled, with all lazy modules loaded
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.enable", { timeDomain: "threadTicks" });
  const drags = [];
  const things = page.locator(draggable);
  for (let i = 0; i < (await things.count()); i++) {
    const thing = things.nth(i);
    if (!(await thing.isVisible())) continue;
    const what = await thing.evaluate((element) => {
      const name = element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? "";
      return `${element.closest(".live")?.id ?? ""} ${name}`.trim().replaceAll(/\s+/g, " ");
    });
    drags.push({ what, ...(await measure(page, devTools, thing)) });
  }
  await page.close();
  return drags;
}

/** Drags an element back and forth, one step per frame. */
async function measure(page, devTools, thing) {
  await thing.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await thing.boundingBox();
  const scriptTime = async () => {
    const { metrics } = await devTools.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "ScriptDuration").value * 1000;
  };
  const reach = Math.max(40, 0.4 * width); // pixels to either side
  const place = (i) => {
    const angle = (2 * Math.PI * i) / frames;
    return [
      x + width / 2 + reach * Math.sin(angle),
      y + height / 2 + (height > 30 ? 0 : 15 * Math.sin(2 * angle)),
    ];
  };
  if (values.profile) {
    await devTools.send("Profiler.enable");
    await devTools.send("Profiler.setSamplingInterval", { interval: 100 });
    await devTools.send("Profiler.start");
  }
  await page.mouse.move(...place(0));
  await page.mouse.down();
  const times = [];
  for (let i = 1; i <= frames; i++) {
    const before = await scriptTime();
    await page.mouse.move(...place(i));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    times.push((await scriptTime()) - before);
  }
  await page.mouse.up();
  const functions = values.profile ? mostTime((await devTools.send("Profiler.stop")).profile) : [];
  await page.keyboard.press("Escape"); // an unmoved number field is for typing
  times.sort((a, b) => a - b);
  const sum = times.reduce((a, b) => a + b, 0);
  return { median: times[times.length >> 1], mean: sum / times.length, most: times.at(-1), functions };
}

/** The functions of a profile with the largest self time, with their shares of the busy time. */
function mostTime({ nodes, samples }) {
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || "(anonymous)"} ${url.split("/").at(-1)}:${lineNumber + 1}`,
    ]),
  );
  const counts = new Map();
  let all = 0;
  for (const sample of samples) {
    const place = places.get(sample);
    if (/^\((?:idle|program|root)\)/.test(place)) continue;
    all += 1;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 25)
    .map(([place, count]) => [place, count / all]);
}
