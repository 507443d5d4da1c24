// Tests the interactive page that `downhill race --out` writes.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLandscape, race, zoo } from "downhill/landscapes";
import { adam, sgd } from "downhill/optim";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { describeInBrowser, describePageInCi } from "../../test/support/browser.ts";
import { downhill } from "../../test/support/command.ts";
import { alive } from "../../test/support/live-pages.ts";
import { violations } from "../../test/support/page-checks.ts";

let folder: string;
let file: string;
const formula = "x^2 + 3*y^2";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-race-"));
  file = join(folder, "race.html");
  const words = ["race", formula, "--optimizers", "sgd(lr=0.1), adam(lr=0.2)", "--start", "x=2,y=1"];
  const { status, stderr } = await downhill([...words, "--steps", "20", "--out", file]);
  expect(status, stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const values = (page: Page): Promise<string[]> => page.locator(".racer-value").allInnerTexts();
/** The value shown in a row. */
const shown = async (page: Page, row: number): Promise<number> =>
  Number((/f = (\S+) at/.exec((await values(page))[row]!) ?? [])[1]?.replace("−", "-"));

describePageInCi("a race in a standalone page", {
  "shows the results of the engine, and follows rate, start, formula and optimisers": async ({ open }) => {
    const page = await alive(await open({ file }));
    const landscape = defineLandscape(formula);
    const end = (rate: number): number =>
      race(landscape, { s: sgd({ learningRate: rate }) }, { steps: 20, start: [2, 1] }).runs[0]!.values[20]!;
    expect(await shown(page, 0)).toBeCloseTo(end(0.1), 6);
    expect(await values(page)).toHaveLength(2);

    const rate = page.getByLabel("gradient descent: rate η");
    await rate.press("ArrowRight");
    const after = Number((10 ** (Math.log10(0.1) + 0.02)).toPrecision(3));
    await expect.poll(() => shown(page, 0)).toBeCloseTo(end(after), 6);

    await page.locator("svg.map").click({ position: { x: 150, y: 100 } });
    await expect.poll(() => shown(page, 0)).not.toBeCloseTo(end(after), 6);
    expect(page.url()).toContain("start=");
    await page.goBack();
    await expect.poll(() => shown(page, 0)).toBeCloseTo(end(after), 6);

    // a page without prerendered markup ignored tabIndex in its drawings
    await page.locator(".map-start").press("ArrowLeft");
    await expect.poll(() => page.locator(".map-start").getAttribute("aria-valuenow")).not.toBe("2");

    await page.getByLabel("Add an optimiser").selectOption("momentum");
    await expect.poll(async () => (await values(page)).length).toBe(3);
    await page.getByRole("button", { name: "Remove Adam" }).click();
    await expect.poll(async () => (await values(page)).length).toBe(2);

    const field = page.getByLabel("f(x, y) =");
    await field.fill("x^2 + q(y)");
    await expect.poll(() => page.locator(".problem").first().innerText()).toContain("q");
    expect(await page.locator("svg.map").isVisible()).toBe(true);
    await field.fill("x^2 + y^2");
    await expect.poll(() => page.locator(".problem").first().innerText()).toBe("");
    expect(await violations(page)).toEqual([]);
  },

  "a link restores its sender's view, and a damaged one is reported": async ({ open }) => {
    const page = await alive(await open({ file }));
    const address = page.url();
    await page.goto(`${address}#f=x%5E2%2By%5E2&racers=adam%3Alr%3D0.05%2Ccosine&steps=40`);
    await page.reload();
    await alive(page);
    const landscape = defineLandscape("x^2+y^2");
    const { values: known } = race(
      landscape,
      { a: adam({ learningRate: 0.05 }) },
      { steps: 40, start: [2, 1] },
    ).runs[0]!;
    expect(await values(page)).toHaveLength(1);
    expect(await page.getByLabel("schedule").inputValue()).toBe("cosine");
    expect(await shown(page, 0)).toBeGreaterThan(known[40]!); // a falling rate advances less
    await page.goto(`${address}#racers=adam%3Alr%3Dmuch`);
    await page.reload();
    await alive(page);
    expect(await page.locator(".damages").innerText()).toContain("it is no number");
    expect(await values(page)).toHaveLength(2);
  },

  "shows the picture of the race without scripts": async ({ open }) => {
    const page = await open({ file }, { javaScriptEnabled: false });
    expect(await page.locator("#page svg text").filter({ hasText: "adam(lr=0.2)" }).first().isVisible()).toBe(
      true,
    );
  },
});

/** Writes the page of a race on a landscape. */
async function pageFor(landscape: string, ...options: readonly string[]): Promise<{ readonly file: string }> {
  const out = join(folder, `${landscape}.html`);
  const { status, stderr } = await downhill(["race", landscape, ...options, "--out", out]);
  expect(status, stderr).toBe(0);
  return { file: out };
}

// JSON turned −∞ into null, and the page threw an exception.
describeInBrowser("the page of a race without a lowest value", {
  "shows values of f, below zero too": async ({ open }) => {
    const page = await alive(await open(await pageFor("saddle", "--steps", "60")));
    const runs = await values(page);
    expect(runs).toHaveLength(4);
    expect(runs.every((text) => /f = \S+ at|lost after/.test(text))).toBe(true);
    await page.locator(".chart .label", { hasText: "f, by step" }).first().waitFor();
    expect(await page.locator(".chart path.curve").first().getAttribute("d")).toMatch(/^M[\d.]/);
  },

  // Dragging the start over axis labels selected them.
  "a drag of the start selects no text": async ({ open }) => {
    const page = await alive(await open(await pageFor("saddle", "--steps", "20")));
    const [start, map] = await Promise.all(
      [".map-start", "svg.map"].map((at) => page.locator(at).boundingBox()),
    );
    await page.mouse.move(start!.x + start!.width / 2, start!.y + start!.height / 2);
    await page.mouse.down();
    await page.mouse.move(map!.x + map!.width / 2, map!.y + map!.height - 2, { steps: 4 });
    await page.mouse.move(map!.x + map!.width / 2, map!.y + map!.height + 200, { steps: 4 });
    await page.mouse.up();
    expect(await page.evaluate(() => String(getSelection()))).toBe("");
    expect(page.url()).toContain("start=");
    // Also from a label, where a click moves the start.
    await page.mouse.move(map!.x + 50, map!.y + map!.height - 12);
    await page.mouse.down();
    await page.mouse.move(map!.x + map!.width - 20, map!.y + map!.height - 2, { steps: 4 });
    await page.mouse.up();
    expect(await page.evaluate(() => String(getSelection()))).toBe("");
  },
});

// The page drew every step of an oscillation and froze for minutes. It computed 1,000 steps for any requested number.
describePageInCi("the page of a race with 100,000 steps", {
  "plays all steps": async ({ open }) => {
    const page = await open(
      await pageFor("rosenbrock", "--steps", "100000", "--optimizers", "rmsprop(lr=0.02)"),
    );
    expect(await page.locator("#count").innerText()).toBe("step 100000 / 100000");
    await page.locator("#first").click();
    expect(await page.locator("#count").innerText()).toBe("step 0 / 100000");
  },
});

describePageInCi("the page of a race on each landscape of the zoo", {
  "opens without an error": async ({ open }) => {
    for (const name of Object.keys(zoo)) {
      const source = await pageFor(name, "--steps", "60");
      const page = await open(source);
      const isLive = readFileSync(source.file, "utf8").includes('id="race"');
      await (isLive ? alive(page) : page.locator("#play").waitFor());
    }
  },
});
