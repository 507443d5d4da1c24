// Writes the pictures of the README: runs its commands and photographs their pages, light and dark. Needs dist/ and a
// Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const pictures = join(root, "docs/pictures");
const scratch = mkdtempSync(join(tmpdir(), "downhill-pictures-"));
mkdirSync(pictures, { recursive: true });

/** @param {string[]} args */
function downhill(...args) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    cwd: scratch,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`downhill ${args.join(" ")}: ${stderr}`);
}

const racers = "sgd(lr=0.008), sgd(lr=0.006, momentum=0.9), rmsprop(lr=0.05), adam(lr=0.3)";
downhill("explain", "x*y + sin(x)", "--at", "x=2,y=3", "--graph", "trace.html");
downhill("train", "digits", "--out", "report.html");
downhill("race", "himmelblau", "--optimizers", racers, "--steps", "120", "--out", "race.html");

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
args.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
const browser = await chromium.launchPersistentContext(join(scratch, "profile"), {
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args,
});
try {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const page = await browser.newPage();
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 1200, height: 900 });
    await page.goto(pathToFileURL(join(scratch, "trace.html")).href);
    await page.keyboard.press("End"); // all values and adjoints are there
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(pictures, `trace-${colorScheme}.png`) });
    await page.goto(pathToFileURL(join(scratch, "report.html")).href);
    await page.waitForTimeout(300);
    await page.setViewportSize({ width: 1200, height: 1430 });
    await page.screenshot({ path: join(pictures, `report-${colorScheme}.png`) });
    await page.goto(pathToFileURL(join(scratch, "race.html")).href);
    await page.waitForTimeout(300);
    await page.setViewportSize({ width: 1200, height: 930 });
    await page.screenshot({ path: join(pictures, `race-${colorScheme}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true, force: true });
}
