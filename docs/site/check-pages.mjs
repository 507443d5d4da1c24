// Visits the start page, every guide and pages of the reference in Chromium, from a path below the root, each in one width and theme by
// rotation: nothing may fail, ask for anything elsewhere, overflow, or be hard to read aloud; the search has to find, and lead on. The race
// of the start page has to play, and guides and course have to be readable offline.
//
// Usage: node site/check-pages.mjs     in docs/, after site/build.mjs; CHROMIUM_PATH, else /usr/bin/chromium
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const widths = [375, 768, 1440];
const themes = /** @type {const} */ (["light", "dark"]);
/** @type {{ items: { link: string }[] }[]} */
const sections = JSON.parse(readFileSync(new URL("../sections.json", import.meta.url), "utf8"));
const pages = [
  "",
  "api/",
  "api/downhill/",
  "api/downhill/grad.html",
  "api/optim/adam.html",
  "api/train/types.html",
  ...sections.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.html`)),
];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const { url: start, close } = await serve("/some/sub/path/");
const profile = mkdtempSync(join(tmpdir(), "downhill-site-"));
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
args.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args,
});
/** @type {string[]} */
const faults = [];

/**
 * A page of the site that notes what is wrong with it.
 *
 * @param {string} path
 * @param {number} width
 * @param {"light" | "dark"} colorScheme
 * @param {"reduce" | "no-preference"} [reducedMotion]
 */
async function visit(path, width, colorScheme, reducedMotion = "reduce") {
  const page = await browser.newPage();
  const note = (/** @type {string} */ text) =>
    faults.push(`${path || "start"} (${width}, ${colorScheme}): ${text}`);
  page.on("pageerror", (error) => note(String(error)));
  page.on("console", (message) => message.type() === "error" && note(message.text()));
  page.on(
    "response",
    (response) => response.status() >= 400 && note(`${response.status()} ${response.url()}`),
  );
  page.on("request", (request) => {
    const isOurs = request.url().startsWith(start) || request.url().startsWith("data:");
    if (!isOurs) note(`asks for ${request.url()}`);
  });
  await page.emulateMedia({ colorScheme, reducedMotion });
  await page.setViewportSize({ width, height: 900 });
  await page.goto(start + path, { timeout: 120_000 }); // busy machines are slow
  const isAlive = `document.querySelector("#app")?.__vue_app__ !== undefined`;
  await page.waitForFunction(isAlive, undefined, { polling: 50 }); // pages behind others have no frames to wait for
  return { page, note };
}

/** Visits the page of this place in the list. @param {number} i @param {string} path */
async function check(i, path) {
  const { page, note } = await visit(path, widths[i % 3] ?? 1440, themes[i % 2] ?? "light");
  const seen = await page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - innerWidth,
    heading: document.querySelector("h1")?.textContent ?? "",
  }));
  if (seen.overflow > 0) note(`${seen.overflow} px wider than the window`);
  if (seen.heading.trim() === "") note("has no heading");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(`axe.run()`);
  for (const { id, nodes } of violations) note(`${id}: ${nodes[0].target}`);
  await page.close();
}

/** The race of the start page plays, follows a dragged start, and is shared; the line that installs the package leads to it. */
async function checkStart() {
  const { page, note } = await visit("", 1440, "light", "no-preference");
  const shown = () => page.locator(".home-player output").innerText();
  const begin = page.locator(".map-start");
  await begin.waitFor({ timeout: 20_000 });
  const place = await begin.boundingBox();
  if (place === null) return note("the start of the race is hidden");
  const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
  const before = await begin.getAttribute("aria-valuetext");
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 90, y - 60, { steps: 4 });
  if (!(await shown()).startsWith("step 90")) note("a dragged start does not show complete runs");
  await page.mouse.up();
  if ((await shown()).startsWith("step 90")) note("the race is not replayed from a new start");
  if ((await begin.getAttribute("aria-valuetext")) === before) note("a drag did not move the start");
  const moved = await begin.getAttribute("aria-valuetext");
  await begin.press("ArrowLeft");
  if ((await begin.getAttribute("aria-valuetext")) === moved) note("a key did not move the start");
  await page.getByRole("button", { name: "Share" }).press("Enter");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as animation" }).press("Enter"),
  ]);
  if (!readFileSync(await download.path(), "utf8").includes("@keyframes"))
    note("the saved race does not move");
  const { page: shared } = await visit("#start=2,-3", 1440, "light");
  const there = await shared.locator(".map-start").getAttribute("aria-valuetext");
  if (there !== "x = 2, y = −3") note(`a shared start is at ${there}`);
  await shared.close();
  const line = await page.locator(".start-line code").innerText();
  const packed = /^npm install (\S+\.tgz)$/.exec(line)?.[1];
  if (packed === undefined) return line === "npm install downhill" || note(`cannot install by: ${line}`);
  const file = await fetch(packed);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!file.ok || bytes[0] !== 0x1f || bytes[1] !== 0x8b) note(`no package is at ${packed}`);
  await page.close();
}

/** The guides and the course can be read offline before they were visited. */
async function checkOffline() {
  const { page, note } = await visit("", 1440, "light");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.close();
  await browser.setOffline(true);
  const unvisited = /** @type {const} */ ([
    ["guides/fitting.html", /Fitting curves/],
    ["learn/reverse-mode/", /Reverse mode/],
    ["api/optim/rmsprop.html", /not saved for reading offline/],
  ]);
  for (const [path, heading] of unvisited) {
    const other = await browser.newPage();
    const text = await other
      .goto(start + path)
      .then(() => other.locator("h1").first().innerText())
      .catch(String);
    if (!heading.test(text)) note(`${path} offline: ${text}`);
    await other.close();
  }
  await browser.setOffline(false);
}

const atOnce = 2; // pages: one a core of a small machine

try {
  const left = [...pages.entries()];
  const visitLeft = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await check(...next);
  };
  await Promise.all(Array.from({ length: atOnce }, visitLeft));
  const { page, note } = await visit("guides/fitting.html", 1440, "light");
  const heading = () => page.locator("h1").first();
  const leadsTo = async (/** @type {string} */ text) => {
    await heading()
      .filter({ hasText: text })
      .waitFor({ timeout: 20_000 })
      .catch(() => note(`did not come to ${text}`));
  };
  await page.getByRole("link", { name: "Making it fast" }).first().click();
  await leadsTo("Making it fast");
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill("own table csv");
  await page
    .getByRole("option")
    .first()
    .waitFor({ timeout: 20_000 })
    .catch(() => note("the search finds nothing"));
  await page.keyboard.press("Enter");
  await leadsTo("Training your own data");
  await page.goBack();
  await leadsTo("Making it fast");
  await page.close();
  await checkStart();
  await checkOffline();
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
  await close();
}
console.log(`${pages.length} pages visited, ${faults.length} faults`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
