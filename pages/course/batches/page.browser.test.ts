// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { dataOf, leastLoss, runBatches } from "./line.ts";
import { measuredSizes } from "./orders.ts";
import { readItems } from "./own-data.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("batches", state);

describePageInCi("batches", {
  "by items and by steps the runs show the state of the engine": async ({ open }) => {
    const page = await alive(await open(at("#b=32&rate=0.04&tick=80"), { reducedMotion: "reduce" }));
    const words = page.locator("#three-ways .finding");
    const excess = (b: number, steps: number): string =>
      `${steps.toLocaleString("en")} steps, ${(steps * b).toLocaleString("en")} items, ${shortNumber(runBatches(b, 0.04).values[steps]! - leastLoss)} above the least`;
    for (const [b, steps] of [
      [1, 2560],
      [32, 80],
      [128, 20],
    ] as const)
      expect(await words.textContent()).toContain(excess(b, steps));
    await page.locator("#three-ways").getByRole("button", { name: "steps", exact: true }).click();
    for (const b of [1, 32, 128]) expect(await words.textContent()).toContain(excess(b, 80));
    expect(page.url()).toContain("by=steps");
    await page.locator("#three-ways").getByRole("button", { name: "One step back" }).click();
    expect(await words.textContent()).toContain(excess(32, 79));
  },

  "a reader's table replaces the items, also in the link, and a damaged one is reported": async ({
    open,
  }) => {
    const page = await alive(await open(at("#b=64"), { reducedMotion: "reduce" }));
    const figure = page.locator("#three-ways");
    const field = figure.getByLabel(/^Your own data/);
    const rows = Array.from({ length: 20 }, (_, i) => [i, 3 - i / 5 + Math.sin(7 * i)] as const);
    const text = `x,y\n${rows.map((row) => row.join(",")).join("\n")}`;
    await field.fill(text);
    const data = dataOf(readItems(text));
    const run = runBatches(20, 0.05, { data });
    const words = (): Promise<string | null> => figure.locator(".finding").textContent();
    await expect.poll(words).toContain("mini-batches of 16"); // there are not enough items for 64
    const [, excess] = /all items \(GD\): (?:\d+) steps, \d+ items, (\S+) above/.exec((await words())!)!;
    const steps = Number(/all items \(GD\): (\d+) steps/.exec((await words())!)![1]);
    expect(excess).toBe(shortNumber(run.values[steps]! - data.leastLoss));
    await field.fill(`${text}\nten,2`);
    await expect.poll(() => figure.locator(".problem").textContent()).toContain("line 22 has “ten”");
    expect(await words()).toContain("mini-batches of 16");
    await field.fill(text);
    await page.reload();
    await alive(page);
    await expect.poll(words).toContain("mini-batches of 16");
  },

  "the sum and the mean follow the same path, unless they share one rate": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const figure = page.locator("#sum-and-mean");
    await figure.getByText(/the same, to the last bit|rounding/).waitFor();
    await figure.getByRole("checkbox").uncheck();
    const told = await figure.locator(".finding").textContent();
    expect(Number(told!.match(/is ([\d.]+)\.$/)![1])).toBeGreaterThan(0.1);
    await page.goBack();
    await figure.getByText(/the same, to the last bit|rounding/).waitFor();
  },

  "measurements are shown, and stop on request": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const speeds = page.locator("#throughput");
    await speeds.getByRole("button", { name: "Measure in this browser" }).click();
    await speeds.getByText(new RegExp(`^[1-9]\\d* of ${measuredSizes.length} sizes`)).waitFor();
    await speeds.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => speeds.locator(".chart").count()).toBe(2);
    const measure = speeds.getByRole("button", { name: "Measure in this browser" });
    await expect.poll(() => measure.isEnabled()).toBe(true);
    const times = page.locator("#by-time");
    await times.getByRole("button", { name: "Measure in this browser" }).click();
    await times.locator("tbody tr").nth(2).waitFor();
    await expect.poll(() => times.locator("tbody tr").count()).toBe(3);
  },

  "two training runs are simultaneous": async ({ open }) => {
    const page = await alive(await open(at("#turn=10"), { reducedMotion: "reduce" }));
    const figure = page.locator("#augmentation");
    await figure.getByRole("button", { name: "Train both" }).click();
    await figure.locator(".finding").waitFor();
    expect(await figure.locator(".digit").count()).toBe(8);
    expect(await figure.locator(".finding").textContent()).toContain("% right without changes");
    await figure.getByRole("button", { name: "Stop" }).click();
  },
});
