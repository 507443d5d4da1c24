import { add, mul, square, type Tensor, tensor } from "downhill";
import {
  defineLandscape,
  findLandscape,
  findPreset,
  landscape,
  landscapeHtml,
  race,
} from "downhill/landscapes";
import { sgd } from "downhill/optim";
import { decodeFrames } from "modern-gif";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { describePageInCi } from "../../../../test/support/browser.ts";
import { savedFile } from "../../../../test/support/page-checks.ts";

const onBowl = race(
  findLandscape("bowl"),
  { slow: sgd({ learningRate: 0.05 }), quick: sgd({ learningRate: 0.3 }), wild: sgd({ learningRate: 1.2 }) },
  { steps: 40 },
);
const html = landscapeHtml(onBowl);

const count = (page: Page): Promise<string | null> => page.locator("#count").textContent();
/** The visible drawing of a chart: the one for the current width. */
const seen = ".at-widths > div:visible";
const trail = (page: Page, run: number): Promise<string> =>
  page.locator(`${seen} .map [data-run="${run}"] .trail`).evaluate((node) => node.getAttribute("d") ?? "");
const vertices = (d: string): number => d.split("L").length;

describePageInCi("the page of a race", {
  "initially shows everything, and is stepped by keys": async ({ open }) => {
    const page = await open(html);
    expect(await count(page)).toBe("step 40 / 40");
    const whole = await trail(page, 0);
    await page.keyboard.press("Home");
    expect(await count(page)).toBe("step 0 / 40");
    expect(vertices(await trail(page, 0))).toBe(1);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("ArrowLeft");
    expect(await count(page)).toBe("step 10 / 40");
    expect(vertices(await trail(page, 0))).toBe(11);
    await page.keyboard.press("End");
    expect(await trail(page, 0)).toBe(whole);
    expect(await page.locator("#forth").isDisabled()).toBe(true);
  },

  "shows the value of each run at the step": async ({ open }) => {
    const page = await open(html);
    const value = page.locator('[data-value="1"]');
    await page.keyboard.press("Home");
    expect(await value.textContent()).toBe("8.5");
    await page.keyboard.press("ArrowRight");
    expect(Number(await value.textContent())).toBeCloseTo(onBowl.runs[1]!.values[1]!, 2);
  },

  "a diverging run has its marker until it leaves, and then a cross": async ({ open }) => {
    const page = await open(html);
    const head = page.locator(`${seen} .head[data-run="2"]`);
    const isLost = (): Promise<boolean> => head.evaluate((node) => node.classList.contains("is-lost"));
    expect(await isLost()).toBe(true);
    expect(await head.locator(".lost").isVisible()).toBe(true);
    expect(await head.locator(".marker").isVisible()).toBe(false);
    await page.keyboard.press("Home");
    expect(await isLost()).toBe(false);
    expect(await head.locator(".marker").isVisible()).toBe(true);
  },

  "the space bar starts and stops playback": async ({ open }) => {
    const page = await open(html);
    await page.locator("#speed").selectOption("0.25");
    await page.locator("h1").click();
    await page.keyboard.press("Space");
    expect(await page.locator("#play").textContent()).toBe("Pause");
    await page.waitForFunction(() => document.querySelector("#count")?.textContent?.startsWith("step 2 /"));
    await page.keyboard.press("Space");
    expect(await page.locator("#play").textContent()).toBe("Play");
    await page.locator("#slider").fill("34"); // what is left is played in no time
    await page.locator("#speed").selectOption("3");
    await page.locator("#play").click();
    await page.waitForFunction(() => document.querySelector("#count")?.textContent === "step 40 / 40");
    expect(await page.locator("#play").textContent()).toBe("Play");
  },

  "is shared as a picture, an animation and a link to the step": async ({ open }) => {
    const page = await open(html);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#slider").fill("12");
    await page.getByRole("button", { name: "Share" }).press("Enter");
    await page.getByRole("button", { name: "Copy link" }).press("Enter");
    await expect.poll(() => page.locator(".dh-told").textContent()).toBe("Link copied.");
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/#step=12$/);
    const saved = (name: string): Promise<string> => savedFile(page, page.getByRole("button", { name }));
    expect(await saved("Save as PNG")).toMatch(/^.PNG/);
    const moving = await saved("Save as animation");
    expect(await count(page)).toBe("step 12 / 40");
    const drawn = await open(moving.replace("<svg", "<!doctype html><svg"));
    const dashes = (): Promise<string> =>
      drawn.locator('[data-run="0"] .trail').evaluate((node) => getComputedStyle(node).strokeDashoffset);
    const first = await dashes();
    await expect.poll(dashes).not.toBe(first);
    await page.evaluate((to) => (location.href = to), link);
    await page.reload();
    expect(await count(page)).toBe("step 12 / 40");
  },

  "is saved as a GIF that moves": async ({ open }) => {
    const page = await open(html);
    await page.locator("#slider").fill("12");
    await page.getByRole("button", { name: "Share" }).press("Enter");
    const file = await savedFile(page, page.getByRole("button", { name: "Save as GIF" }));
    const frames = decodeFrames(Uint8Array.from(Buffer.from(file, "latin1")).buffer);
    expect(frames.map(({ delay }) => delay)).toEqual([...Array.from({ length: 40 }, () => 120), 1500]);
    const [first, , , , , later] = frames.map(({ data }) => Buffer.from(data));
    expect(first!.equals(later!)).toBe(false);
    expect(await count(page)).toBe("step 12 / 40");
  },

  "hides and shows runs, on map and chart": async ({ open }) => {
    const page = await open(html);
    const lines = page.locator(`${seen} svg :is([data-run="1"], [data-series="1"])`);
    expect(await lines.count()).toBe(3); // trail, head, curve
    await page.getByLabel("Show quick").uncheck();
    expect(
      await lines.evaluateAll((all) => all.every((node) => getComputedStyle(node).display === "none")),
    ).toBe(true);
    await page.getByLabel("Show quick").check();
    expect(
      await lines.evaluateAll((all) => all.every((node) => getComputedStyle(node).display !== "none")),
    ).toBe(true);
  },

  "steps races of different lengths together": async ({ open }) => {
    const page = await open(landscapeHtml(await findPreset("saddles").make()));
    expect(await page.locator("main > section").count()).toBe(3);
    await page.keyboard.press("Home");
    for (const trailOf of await page.locator(`${seen} .map .trail`).all()) {
      expect(vertices((await trailOf.getAttribute("d"))!)).toBe(1);
    }
  },

  // Drawings for wide windows were scaled down, to text of 6.6 pixels.
  "draws map and chart for the current width, and animates the visible ones": async ({ open }) => {
    const page = await open(html, { viewport: { width: 360, height: 700 } });
    const map = page.locator(`${seen} .map`);
    const widthOf = (): Promise<number> =>
      map.evaluate((svg) => (svg as SVGSVGElement).viewBox.baseVal.width);
    const narrow = await widthOf();
    expect(narrow).toBeLessThanOrEqual(332);
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+ArrowRight");
    const there = await trail(page, 0);
    expect(vertices(there)).toBe(11);
    await page.setViewportSize({ width: 1280, height: 700 });
    await expect.poll(async () => vertices(await trail(page, 0))).toBe(11); // at the same step, elsewhere
    expect(await trail(page, 0)).not.toBe(there);
    expect(await widthOf()).toBeGreaterThan(narrow);
  },

  "is no wider than a phone": async ({ open }) => {
    const page = await open(html, { viewport: { width: 360, height: 700 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  },

  "shows names as text": async ({ open }) => {
    const name = `<img src=x onerror="document.title='run'">`;
    const landscape = defineLandscape("x^2 + y^2", { name, formula: name, about: name });
    const page = await open(landscapeHtml(race(landscape, { [name]: sgd() }, { steps: 3 })));
    expect(await page.title()).toBe(name);
    expect(await page.locator("tbody label").textContent()).toBe(name);
  },
});

const bowl = ({ x, y }: { readonly x: Tensor; readonly y: Tensor }): Tensor =>
  add(square(x), mul(4, square(y)));
const stateAt = (part: number): { readonly x: Tensor; readonly y: Tensor } => ({
  x: tensor(2 * part),
  y: tensor(part ** 3),
});
const slice = landscape(bowl, stateAt(0), {
  directions: "pca",
  path: [1, 0.8, 0.6, 0.4, 0.2, 0].map(stateAt),
  resolution: 9,
});

describePageInCi("the page of a slice with a training path", {
  "initially shows everything, and is stepped by keys, on the map and the chart of losses": async ({
    open,
  }) => {
    const page = await open(landscapeHtml(slice));
    expect(await count(page)).toBe("state 5 / 5");
    const mark = page.locator(".chart-place .label.strong");
    const head = page.locator(`${seen} .map .head[data-run="1"]`);
    const place = (): Promise<string | null> => head.getAttribute("transform");
    const end = await place();
    expect(await place()).toBe(await page.locator(`${seen} .map .begin:has(.end)`).getAttribute("transform"));
    expect(vertices(await trail(page, 1))).toBe(6);
    await page.keyboard.press("Home");
    expect(await count(page)).toBe("state 0 / 5");
    expect(vertices(await trail(page, 1))).toBe(1);
    const [x, y] = (await place())!.match(/[\d.]+/g)!.map(Number);
    const start = await page.locator(`${seen} .map .begin:has(.start)`).getAttribute("transform");
    const [startX, startY] = start!.match(/[\d.]+/g)!.map(Number);
    expect(Math.hypot(x! - startX!, y! - startY!)).toBeLessThan(0.2); // places are rounded to tenths of a pixel
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await count(page)).toBe("state 2 / 5");
    expect(vertices(await trail(page, 1))).toBe(3);
    expect(await mark.textContent()).toBe(`state 2: ${Number(slice.path[2]!.loss.toPrecision(3))}`);
    expect(await place()).not.toBe(end);
  },

  "plays to the end and stops there": async ({ open }) => {
    const page = await open(landscapeHtml(slice));
    await page.locator("#speed").selectOption("3");
    await page.locator("#slider").fill("4");
    await page.locator("#play").click();
    await page.waitForFunction(() => document.querySelector("#count")?.textContent === "state 5 / 5");
    expect(await page.locator("#play").textContent()).toBe("Play");
  },

  "has no playback without a path": async ({ open }) => {
    const page = await open(landscapeHtml(landscape(bowl, stateAt(0), { resolution: 5 })));
    expect(await page.locator("#controls").count()).toBe(0);
  },
});
