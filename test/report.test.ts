import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { describeInBrowser } from "./support/browser.ts";
import { downhill } from "./support/command.ts";
import { violations } from "./support/page-checks.ts";

let folder: string;
let digits: string;
let table: string;

async function report(name: string, words: readonly string[]): Promise<string> {
  const out = join(folder, name);
  const { status, stderr } = await downhill(["train", ...words, "--out", out]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return out;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-report-"));
  digits = await report("digits.html", ["digits", "--epochs", "4"]);
  const name = `<img src=x onerror="document.title='run'">`;
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 11},${[quoted, "__proto__"][i % 2]!}`);
  const file = join(folder, "hostile.csv");
  writeFileSync(file, `${quoted},b,kind\n${rows.join("\n")}\n`);
  table = await report("table.html", ["--data", file, "--target", "kind", "--epochs", "3"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeInBrowser("the report of a training run", {
  "shows results, curves, confusion matrix, mistakes, graph and the command that repeats it": async ({
    open,
  }) => {
    const page = await open({ file: digits });
    expect(await page.locator("h1").textContent()).toBe("digits");
    expect(await page.locator("h2").allTextContents()).toEqual([
      "Loss (cross-entropy)",
      "Accuracy",
      "Loss by step",
      "Confusion matrix of the test part",
      "Classes",
      "Misclassified",
      "Layers",
      "Gradients",
      "Dependency graph",
      "Settings",
    ]);
    const [right, all] = /^(\d+) of (\d+) right$/
      .exec((await page.locator(".results .note").first().textContent())!)!
      .slice(1)
      .map(Number);
    expect(all).toBe(359);
    // the numbers of the matrix agree with the headline
    const cells = await page
      .locator(".confusion td.right, .confusion td.wrong")
      .evaluateAll((tds) =>
        tds.map((td) => [td.classList.contains("right"), Number(td.textContent)] as const),
      );
    const sum = (isRight: boolean): number =>
      cells.filter(([r]) => r === isRight).reduce((n, [, k]) => n + k, 0);
    expect([sum(true), sum(false)]).toEqual([right, all! - right!]);
    const images = await page
      .locator(".images img")
      .evaluateAll((found) => found.map((img) => (img as HTMLImageElement).naturalWidth));
    expect(images).toEqual(new Array(2 * Math.min(40, all! - right!)).fill(8)); // each with the pixels that mattered
    expect(await page.locator("svg:visible [data-series] path.curve").count()).toBe(7); // a constant rate has no curve
    expect(await page.locator(".settings").textContent()).toContain("0.2, the same at every step");
    const nodes = await page.locator(".drawing svg .dh-title").allTextContents();
    expect(nodes.filter((node) => /^h1 = where\(v\d+, 0, z1\)$/.test(node))).toHaveLength(1);
    expect(await page.locator(".drawing svg .dh-group").count()).toBeGreaterThan(0); // the cross-entropy of the output
    expect(await page.locator("pre").textContent()).toMatch(
      /^downhill train digits .* --epochs 4 .* --seed 0$/,
    );
  },

  // the curves of one epoch were two dots; 40 classes had a wrong caption and were ordered c1, c10, c2
  "of one epoch has the loss by step, of 40 classes a map in natural order, and no count without a plural":
    async ({ open }) => {
      const rows = Array.from({ length: 400 }, (_, i) => `${(i % 40) / 40},c${(i % 40) + 1}`);
      const file = join(folder, "forty.csv");
      writeFileSync(file, `x,kind\n${rows.join("\n")}\n`);
      const page = await open({
        file: await report("forty.html", ["--data", file, "--target", "kind", "--epochs", "1"]),
      });
      const titles = await page.locator("h2").allTextContents();
      expect(titles[0]).toBe("Loss by step");
      expect(titles).not.toContain("Accuracy");
      const labels = await page.locator(".confusion-map text[text-anchor]").allTextContents();
      expect(labels.slice(0, 3)).toEqual(["c1", "c2", "c3"]);
      expect(labels.length).toBeGreaterThan(30);
      expect(await page.locator(".confusion-map rect:not(.ground)").count()).toBeGreaterThan(20);
      expect(await page.locator(".layers").textContent()).toContain("1 numberlayer 1");
      expect(await page.locator("body").innerText()).not.toMatch(
        /\b1 (numbers|items|steps|epochs|parameters)\b/,
      );
      expect(await violations(page)).toEqual([]);
    },

  "follows light and dark": async ({ open }) => {
    const colours = await Promise.all(
      (["light", "dark"] as const).map(async (colorScheme) => {
        const page = await open({ file: digits }, { colorScheme });
        return page.evaluate(() => {
          const { backgroundColor, color } = getComputedStyle(document.body);
          return { backgroundColor, color };
        });
      }),
    );
    const brightness = (colour: string): number =>
      colour.match(/\d+/g)!.reduce((sum, n) => sum + Number(n), 0);
    const [light, dark] = colours.map(
      ({ backgroundColor, color }) => brightness(backgroundColor) - brightness(color),
    );
    expect(light).toBeGreaterThan(400);
    expect(dark).toBeLessThan(-400);
  },

  "fits the window, wide or narrow": async ({ open }) => {
    for (const width of [360, 800, 1600]) {
      const page = await open({ file: digits }, { viewport: { width, height: 800 } });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // the matrix is visible without horizontal scrolling, and the graph if its text stays legible
      for (const frame of [".scroll:has(.confusion)", ...(width > 800 ? [".drawing"] : [])]) {
        const [inside, room] = await page.$eval(frame, (e) => [e.scrollWidth, e.clientWidth]);
        expect(inside, `${frame} at ${width}`).toBeLessThanOrEqual(room);
      }
    }
  },

  "shows names as text, whatever they hold": async ({ open }) => {
    const page = await open({ file: table });
    expect(await page.title()).toContain("hostile.csv");
    expect(await page.locator("img").count()).toBe(0);
    const heads = await page.locator(".confusion thead th").allTextContents();
    expect(heads).toEqual([`<img src=x onerror="document.title='run'">`, "__proto__"]);
    expect(await page.locator("footer").textContent()).toContain("<img src=x");
  },
});
