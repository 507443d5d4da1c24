// The pages and pictures of `downhill fit` and `downhill schedule` in a browser.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { describeInBrowser, describePageInCi } from "./support/browser.ts";
import { downhill as run, type Ended } from "./support/command.ts";
import { decayTable } from "./support/decay-table.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-pictures-"));
  writeFileSync(join(folder, "decay.csv"), decayTable);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const downhill = async (...words: string[]): Promise<Ended> => run(words, { cwd: folder });

describePageInCi("the page of a fit", {
  "shows picture and tables, light and dark, in narrow windows too": async ({ open }) => {
    const { status } = await downhill("fit", "decay.csv", "y = a*exp(-b*x) + c", "--out", "page.html");
    expect(status).toBe(0);
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ file: join(folder, "page.html") }, { colorScheme });
      for (const width of [1000, 360]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
      const dots = await page
        .locator("svg:visible path.dots")
        .evaluateAll((paths) => paths.map((path) => path.getAttribute("d")!.split("h0").length - 1));
      expect(dots).toEqual([1, 30, 30]); // of the name, the data and the residuals
      expect(await page.locator("h1").textContent()).toBe("y = a * exp(-b * x) + c");
      expect(await page.locator("table").first().locator("tr").count()).toBe(4);
      const band = page.locator("[data-series] path.band:visible");
      expect((await band.boundingBox())!.width).toBeGreaterThan(100);
      seen.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(new Set(seen).size).toBe(2);
  },
});

describeInBrowser("the page of a schedule", {
  "shows curves, table and options, light and dark, in narrow windows too": async ({ open }) => {
    const { status } = await downhill("schedule", "one-cycle", "--steps", "40", "--out", "page.html");
    expect(status).toBe(0);
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(
        { file: join(folder, "page.html") },
        { colorScheme, viewport: { width: 380, height: 800 } },
      );
      expect(await page.title()).toBe("one-cycle: one rise and one long fall, the momentum opposite");
      expect(await page.locator("svg:visible [data-series] path.curve").count()).toBe(2);
      const points = await page.locator("svg:visible path.points").first().getAttribute("d");
      expect(points!.split("h0").length - 1).toBe(40);
      expect(await page.locator("table.rows tr").count()).toBe(22);
      expect(await page.locator("dl.settings dt").allTextContents()).toContain("max-momentum");
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380);
      seen.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(seen[0]).not.toBe(seen[1]);
  },
  "the picture alone follows the reader's choice of light or dark": async ({ open }) => {
    await downhill("schedule", "cyclic", "--out", "picture.svg");
    const colours: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ file: join(folder, "picture.svg") }, { colorScheme });
      colours.push(await page.locator(".paper").evaluate((paper) => getComputedStyle(paper).fill));
      const box = await page.locator("text.note").first().boundingBox();
      expect(box!.x + box!.width).toBeLessThan(760);
    }
    expect(colours[0]).not.toBe(colours[1]);
  },
});
