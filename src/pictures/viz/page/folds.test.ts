import axe from "axe-core";
import { add, matmul, mean, mul, scan, sub, tanh } from "downhill";
import type { Tensor } from "downhill";
import type { Page } from "playwright-core";
import { beforeAll, expect } from "vitest";
import { describePageInCi } from "../../../../test/support/browser.ts";
import { elaborate } from "../../../numeric/plain/elaborate/elaborate.ts";
import { parseModule } from "../../../numeric/plain/syntax/module.ts";
import { loadParser } from "../../../numeric/plain/syntax/parser.ts";
import { toHtml, traceTable } from "../index.ts";
import { tracePage } from "../trace-page.ts";
import { plainPageData } from "../plain/page-data.ts";

let loop: string;
let network: string;
let recurrence: string;
beforeAll(async () => {
  const text = `function power(x: number, steps: number[]) {
  "use ad";
  let y = 1;
  for (let i = 0; i < steps.length; i++) {
    const t = steps[i]! * x;
    y *= t;
  }
  return y;
}`;
  const form = elaborate(parseModule(text, { parse: await loadParser(), file: "power.ts" }));
  loop = tracePage(plainPageData(form, [2, [1, 2, 3, 4, 5]], "power", new Map()));

  interface Dense {
    readonly weight: Tensor;
    readonly bias: Tensor;
  }
  const rows = (n: number, m: number): number[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => Math.sin(3 * i + j)));
  const dense = (n: number, m: number): object => ({ weight: rows(n, m), bias: rows(1, m)[0] });
  const loss = (params: readonly Dense[], x: Tensor, y: Tensor): Tensor => {
    let h = x;
    for (const { weight, bias } of params) h = tanh(add(matmul(h, weight), bias));
    const error = sub(h, y);
    return mean(mul(error, error));
  };
  const params = Array.from({ length: 6 }, () => dense(3, 3));
  const states = (w: Tensor, xs: Tensor): Tensor =>
    scan((h: Tensor, x: Tensor) => [tanh(add(mul(w, h), x)), h], 0.1, xs)[0];
  recurrence = toHtml(traceTable(states, { at: [0.5, [1, 2, 3, 4]], unroll: true }));

  network = toHtml(traceTable(loss, { at: [params, rows(4, 3), rows(4, 3)], names: ["params"] }));
});

/** Returns the texts of the program's rows. A rebuilt list creates its rows only in the next frame, hence the wait. */
async function programRows(page: Page): Promise<string[]> {
  const rows = page.locator(".lists section").first().locator(".row");
  await rows.first().waitFor();
  return rows.allInnerTexts();
}

const titles = (page: Page): Promise<string[]> => page.locator(".dh-box .dh-title").allTextContents();
/** Vertical centre of the box with this title, in pixels from the top of the window. */
const heightOf = async (page: Page, title: string): Promise<number> => {
  const box = await page.locator(".dh-box", { hasText: title }).first().boundingBox();
  return box!.y + box!.height / 2;
};

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: typeof axe }).axe;
    const found = await run({ resultTypes: ["violations"] });
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 90)).join(" ")}`,
    );
  });
}

describePageInCi("loops in a trace", {
  // A loop over tensors was one line that did not show the values of an iteration.
  "over tensors show the chosen iteration with its values": async ({ open }) => {
    const page = await open(recurrence, { viewport: { width: 1280, height: 2000 } });
    const rowOf = async (name: string): Promise<string | undefined> =>
      (await programRows(page)).map((row) => row.replaceAll(/\s+/g, " ")).find((row) => row.includes(name));
    const states = [0.1];
    for (const x of [1, 2, 3, 4]) states.push(Math.tanh(0.5 * states.at(-1)! + x));
    expect(await rowOf("tanh")).toContain(String(Number(states[1]!.toPrecision(4))));
    await page.getByLabel("Iteration of i").fill("2");
    await page.getByLabel("Iteration of i").press("Enter");
    expect(await rowOf("tanh")).toContain(String(Number(states[3]!.toPrecision(4))));
    expect((await programRows(page)).some((row) => row.includes("i = 0 … 1"))).toBe(true);
    expect(await violations(page)).toEqual([]);
  },

  "show one iteration, chosen by a number, by buttons or in the graph": async ({ open }) => {
    const page = await open(loop, { viewport: { width: 1280, height: 2000 } }); // all rows are in view
    const plain = async (): Promise<string[]> =>
      (await programRows(page)).slice(2).map((row) => row.replaceAll(/\s+/g, " "));
    expect(await plain()).toEqual([
      "y = 1 1",
      "▾for i",
      "t = steps[i] · x 2",
      "y = y · t 2 y: 8 B",
      "▸i = 1 … 4 8 lines, the last: y 3840",
    ]);
    await page.getByLabel("Iteration of i", { exact: true }).fill("3");
    await page.keyboard.press("Enter");
    expect(await plain()).toEqual([
      "y = 1 1",
      "▾for i",
      "▸i = 0 … 2 6 lines, the last: y 48",
      "t = steps[i] · x 8",
      "y = y · t 384 y: 8 B",
      "▸i = 4 2 lines, the last: y 3840",
    ]);
    // Earlier boxes must be higher.
    const heights = [];
    for (const title of ["i = 0 … 2", "y = y · t", "i = 4"]) heights.push(await heightOf(page, title));
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(new Set(heights).size).toBe(3);

    await page.getByRole("button", { name: "The iteration before of i" }).click();
    expect((await plain())[3]).toBe("t = steps[i] · x 6");
    await page.locator(".dh-group", { hasText: "i = 3 … 4" }).click(); // selects the nearest of these iterations
    expect((await plain())[3]).toBe("t = steps[i] · x 8");
    await page.getByLabel("Iteration of i", { exact: true }).fill("99"); // no such iteration
    await page.keyboard.press("Enter");
    expect((await plain()).at(-1)).toBe("y = y · t 3840 y: 8 B");
    expect(await page.getByLabel("Iteration of i", { exact: true }).inputValue()).toBe("4");
  },

  "step through the shown iteration, and through all others in one step": async ({ open }) => {
    const page = await open(loop);
    await page.keyboard.press("Home");
    const captions: string[] = [];
    const [, count = "0"] = (await page.locator(".count").innerText()).split("/ ");
    for (let i = 1; i < Number(count); i++) {
      await page.keyboard.press("ArrowRight");
      captions.push(await page.locator(".caption").innerText());
    }
    expect(captions.slice(0, 4)).toEqual([
      "y = 1",
      "t = steps[i] · x",
      "y = y · t; saved for the backward pass: y: 8 B",
      "i = 1 … 4: 8 lines in one step",
    ]);
    expect(captions.filter((caption) => caption.startsWith("Back through"))).toEqual([
      expect.stringContaining("i = 1 … 4"),
    ]);
    // 1 · 2 · 3 · 4 · 5 · x^5 at 2
    expect(await page.locator(".gradient > div").first().innerText()).toBe("∂power/∂x = 9600");
    expect(await violations(await open(loop, { bypassCSP: true, colorScheme: "dark" }))).toEqual([]);
  },
});

describePageInCi("layers in a trace", {
  "are folded in list and graph, and can be unfolded in both with the keyboard": async ({ open }) => {
    const page = await open(network);
    await page.keyboard.press("Home"); // the program is in view
    const closed = await titles(page);
    expect(closed.filter((title) => title.startsWith("params["))).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => `params[${i}]`),
    );
    expect(await heightOf(page, "params[0]")).toBeLessThan(await heightOf(page, "params[1]"));
    const second = page.locator(".lists section").first().locator('.row.fold button:has-text("params[1]")').last(); // prettier-ignore
    await second.focus();
    await page.keyboard.press("Enter");
    const opened = await titles(page);
    expect(opened).toContain("params[1].weight");
    expect(opened.filter((title) => title.includes("tanh"))).toHaveLength(1);
    const focused = await page.evaluate(() => [document.activeElement?.textContent, document.activeElement?.getAttribute("aria-expanded")]); // prettier-ignore
    expect(focused).toEqual(["▾params[1]", "true"]);
    await page.keyboard.press("Enter");
    expect(await titles(page)).toEqual(closed);
    for (let i = 0; i < 6; i++) await page.locator(".row.fold .toggle").first().click();
    // One chip per group squeezed the text next to the chips into a column of single letters.
    expect((await page.locator(".selection").boundingBox())!.width).toBeGreaterThan(200);
    expect((await page.locator(".picture").boundingBox())!.height).toBeGreaterThan(250);
    for (let i = 0; i < 6; i++) await page.locator(".chips button").first().click();
    await page.locator('.dh-group:has-text("params[4]")').focus();
    await page.keyboard.press("Enter");
    expect((await programRows(page)).some((row) => row.includes("params[4].weight"))).toBe(true);
    await page.keyboard.press("ArrowRight"); // the trace still receives the keys
    expect(await page.locator(".count").innerText()).toMatch(/^2 \//);
    await page.locator(".chips button").click();
    expect(await titles(page)).toEqual(closed);
    const phone = { bypassCSP: true, viewport: { width: 375, height: 667 } };
    expect(await violations(await open(network, phone))).toEqual([]);
  },
});

describePageInCi("a printed trace", {
  "shows everything with its values, and then restores the previous view": async ({ open }) => {
    const page = await open(network, { viewport: { width: 794, height: 1000 } });
    await page.keyboard.press("Home");
    const before = [await page.locator(".count").innerText(), (await programRows(page)).length];
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await expect.poll(async () => page.locator(".row.fold").count()).toBe(0);
    const shown = await page.evaluate(() => {
      const numbers = [...document.querySelectorAll<HTMLElement>(".lists .number")].filter(({ textContent }) => textContent !== ""); // prettier-ignore
      const hidden = numbers.filter((number) => getComputedStyle(number).visibility !== "visible");
      const { right } = document.querySelector(".picture svg")!.getBoundingClientRect();
      const panes = [...document.querySelectorAll(".lists, .picture")];
      return {
        numbers: numbers.length,
        hidden: hidden.length,
        right,
        cut: panes.filter((pane) => pane.scrollHeight > pane.clientHeight + 1).length,
        colour: getComputedStyle(document.querySelector(".left")!).color,
      };
    });
    expect(shown.numbers).toBeGreaterThan(60); // lines and adjoints
    expect([shown.hidden, shown.cut]).toEqual([0, 0]);
    expect(shown.right).toBeLessThanOrEqual(794);
    expect(shown.colour).toBe("rgb(31, 35, 40)"); // dark on paper, whatever the screen has
    await page.emulateMedia({ media: "screen" });
    await expect.poll(async () => page.locator(".count").innerText()).toBe(before[0]);
    expect((await programRows(page)).length).toBe(before[1]);
  },
});
