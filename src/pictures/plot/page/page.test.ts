import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { describePageInCi } from "../../../../test/support/browser.ts";
import { savedFile } from "../../../../test/support/page-checks.ts";
import type { ChartSpec } from "../chart-spec.ts";
import { chartCsv } from "../chart-table.ts";
import { layoutChart } from "../chart.ts";
import { withProgram } from "../document.ts";
import { element, writeMarkup } from "../markup.ts";
import { chartPlace, writePage } from "../page.ts";

const epochs = Array.from({ length: 20 }, (_, i) => i + 1);
const spec: ChartSpec = {
  title: "Loss over the epochs",
  x: { label: "epoch", unit: "integer" },
  y: { label: "" },
  series: [
    { name: "training", x: epochs, y: epochs.map((e) => 3 / e ** 2) },
    { name: "test <b>", x: epochs, y: epochs.map((e) => (e === 4 ? Number.NaN : 2 / e)) },
  ],
};
const points: ChartSpec = {
  title: "Predictions",
  x: { label: "actual" },
  y: { label: "predicted" },
  series: [{ name: "rows", x: [1, 2, 2, 3], y: [1.5, 2.25, 0.5, 3], draw: "dots" }],
};
const pageOf = (...specs: readonly ChartSpec[]): string =>
  writePage({
    title: "charts",
    body: `<main><h1>Charts</h1>${specs.map((one) => writeMarkup(chartPlace({ spec: one, height: [200, 0.2] }))).join("")}</main>`,
    hasFigures: true,
  });

const saved = (page: Page, name: string): Promise<string> =>
  savedFile(page, page.getByRole("button", { name }));

const pane = ".dh-pane";
const readout = (page: Page): Promise<string[]> =>
  page.locator(".dh-readout > *").evaluateAll((rows) => rows.map((row) => row.textContent ?? ""));
/** Position of a value on the page, according to the layout that the page uses. */
async function placeOf(page: Page, x: number, y: number, of = spec): Promise<{ x: number; y: number }> {
  const { left, top, width } = await page
    .locator(pane)
    .first()
    .evaluate((node) => {
      const { left, top, width } = node.getBoundingClientRect(); // prettier-ignore
      return { left, top, width };
    });
  const layout = layoutChart(of, { width, height: Math.round(200 + 0.2 * width) }, { hasLegend: false });
  const { box } = layout;
  return {
    x: left + box.x + layout.x.at(x) * box.width,
    y: top + box.y + (1 - layout.y.at(y)) * box.height,
  };
}
const ticks = (page: Page): Promise<string[]> =>
  page.locator(`${pane} .tick[text-anchor="middle"]`).allTextContents();

describePageInCi("a chart in a page", {
  "shows the data values under the pointer, and none in a gap": async ({ open }) => {
    const page = await open(pageOf(spec));
    const at = await placeOf(page, 3, 1);
    await page.mouse.move(at.x + 2, at.y);
    expect(await readout(page)).toEqual(["epoch 3", "training0.333333", "test <b>0.666667"]);
    const gap = await placeOf(page, 4, 1);
    await page.mouse.move(gap.x, gap.y);
    expect(await readout(page)).toEqual(["epoch 4", "training0.1875"]);
    await page.mouse.move(0, 0);
    expect(await page.locator(".dh-readout").isVisible()).toBe(false);
  },

  "with points only reads the nearest one, also of two above each other": async ({ open }) => {
    const page = await open(pageOf(points));
    const at = await placeOf(page, 2, 0.5, points);
    await page.mouse.move(at.x + 3, at.y - 4);
    expect(await readout(page)).toEqual(["actual 2", "rows0.5"]);
  },

  "is read by keyboard, and announces the values": async ({ open }) => {
    const page = await open(pageOf(spec));
    await page.locator(pane).focus();
    const said = page.locator(".dh-said");
    await page.keyboard.press("ArrowRight");
    expect(await said.textContent()).toBe("epoch 1: training 3, test <b> 2");
    await page.keyboard.press("Shift+ArrowRight");
    expect(await said.textContent()).toMatch(/^epoch 11: /);
    await page.keyboard.press("End");
    expect(await said.textContent()).toBe("epoch 20: training 0.0075, test <b> 0.1");
    await page.keyboard.press("ArrowLeft");
    expect((await readout(page))[0]).toBe("epoch 19");
    await page.keyboard.press("Escape");
    expect(await page.locator(".dh-readout").isVisible()).toBe(false);
  },

  "zooms by dragging, and out again by a double click, Escape or its button": async ({ open }) => {
    const page = await open(pageOf(spec));
    const whole = await ticks(page);
    const all = page.getByRole("button", { name: "Show all" });
    const drag = async (): Promise<void> => {
      const [from, to] = [await placeOf(page, 5, 1), await placeOf(page, 10, 1)];
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(to.x - 20, to.y);
      await page.mouse.move(to.x, to.y);
      await page.mouse.up();
    };
    for (const back of ["double click", "Escape", "button"]) {
      await drag();
      const seen = (await ticks(page)).map(Number);
      expect(Math.min(...seen)).toBeGreaterThanOrEqual(5);
      expect(Math.max(...seen)).toBeLessThanOrEqual(10);
      expect(await all.isVisible()).toBe(true);
      if (back === "double click") await page.locator(pane).dblclick();
      else if (back === "button") await all.click();
      else {
        await page.locator(pane).focus();
        await page.keyboard.press("Escape");
      }
      expect(await ticks(page)).toEqual(whole);
      expect(await all.isVisible()).toBe(false);
    }
  },

  "hides and shows series by their names": async ({ open }) => {
    const page = await open(pageOf(spec));
    const name = page.getByRole("button", { name: "training" });
    await name.click();
    expect(await name.getAttribute("aria-pressed")).toBe("false");
    expect(await page.locator(`${pane} [data-series]`).count()).toBe(1);
    const at = await placeOf(page, 3, 0.5);
    await page.mouse.move(at.x, at.y);
    expect(await readout(page)).toEqual(["epoch 3", "test <b>0.666667"]);
    await name.click();
    expect(await page.locator(`${pane} [data-series]`).count()).toBe(2);
  },

  "switches axes to a logarithmic scale, and reports values that it cannot show": async ({ open }) => {
    const page = await open(pageOf({ ...spec, series: [...spec.series, { name: "zero", x: [1], y: [0] }] }));
    await page.getByRole("button", { name: "log y" }).click();
    const marks = await page.locator(`${pane} .tick[text-anchor="end"]`).allTextContents();
    for (const mark of ["0.01", "0.1", "1"]) expect(marks).toContain(mark);
    expect(await page.locator(".dh-note").textContent()).toBe(
      "One value along y is 0 or less and not shown on the logarithmic axis.",
    );
    await page.getByRole("button", { name: "log y" }).click();
    expect(await page.locator(".dh-note").isVisible()).toBe(false);
  },

  "is shared by keys as numbers, as a picture and as the program of the page": async ({ open }) => {
    const page = await open(withProgram(pageOf(spec), "console.log(1);\n"));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const clipboard = async (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    const told = page.locator(".dh-told");
    const way = (name: string): Promise<void> => page.getByRole("button", { name }).press("Enter");
    await page.getByRole("button", { name: "Share" }).press("Enter");
    await way("Copy CSV");
    await expect.poll(() => told.textContent()).toBe("CSV copied.");
    expect(await clipboard()).toBe(chartCsv(spec));
    await way("Copy as TypeScript");
    await expect.poll(clipboard).toBe("console.log(1);\n");
    expect(await saved(page, "Save as SVG")).toMatch(/^<svg xmlns.*test &lt;b&gt;/s);
    expect(await saved(page, "Save as PNG")).toMatch(/^.PNG/);
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Share");
    expect(await page.getByRole("button", { name: "Save as SVG" }).count()).toBe(0);
  },

  "other figures are shared as pictures with the styles of the page": async ({ open }) => {
    const table = element("table", {}, element("tr", {}, element("td", { class: "number" }, "a & b")));
    const page = await open(
      writePage({
        title: "figures",
        body: writeMarkup(element("div", { "data-share": "A table" }, table)),
        hasFigures: true,
      }),
    );
    await page.getByRole("button", { name: "Share" }).click();
    const svg = await saved(page, "Save as SVG");
    expect(svg).toMatch(/<foreignObject.*<td class="number">a &amp; b<\/td>/s);
    expect(svg).toContain(".rows .number{text-align:right");
    expect(await saved(page, "Save as PNG")).toMatch(/^.PNG/);
  },

  "has a table of its values": async ({ open }) => {
    const page = await open(pageOf(spec));
    await page.locator("summary").click();
    await expect.poll(() => page.locator("details tr").count()).toBe(21);
    expect(await page.locator("details tr").nth(3).allTextContents()).toEqual(["30.3333330.666667"]);
  },

  "is redrawn for the current width, with text of the same size": async ({ open }) => {
    const page = await open(pageOf(spec), { viewport: { width: 1200, height: 800 } });
    const look = async (): Promise<{ width: number; text: number }> =>
      page.locator(`${pane} > svg`).evaluate((svg) => ({
        width: (svg as SVGSVGElement).viewBox.baseVal.width,
        text: svg.querySelector(".tick")!.getBoundingClientRect().height,
      }));
    const wide = await look();
    await page.setViewportSize({ width: 360, height: 800 });
    await expect.poll(async () => (await look()).width).toBeLessThan(350);
    const narrow = await look();
    expect(narrow.text).toBeCloseTo(wide.text, 0);
    expect(narrow.text).toBeGreaterThan(11);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  },

  "is accessible, also zoomed and with a value read": async ({ open }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(pageOf(spec, points), { bypassCSP: true, colorScheme });
      await page.locator(pane).first().focus();
      for (const key of ["ArrowRight", "+", "ArrowRight"]) await page.keyboard.press(key);
      await page.locator("summary").first().click();
      await page.getByRole("button", { name: "training" }).click();
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { run } = (window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe; // prettier-ignore
        return (await run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
      });
      expect(found).toEqual([]);
    }
  },
});
