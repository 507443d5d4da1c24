// Uses the first four chapters as a reader does.
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { describePageInCi } from "../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../test/support/live-pages.ts";

const served = serveSection("learn");

/** Numbers of one kind that a figure shows. */
async function numbers(page: Page, figure: string, of: string): Promise<number[]> {
  const values = await page
    .locator(`#${figure} data.${of}`)
    .evaluateAll((all) => all.map((one) => (one as HTMLDataElement).value));
  return values.map(Number);
}

/** Waits until a figure shows these numbers. */
async function shows(page: Page, figure: string, of: string, wanted: readonly number[]): Promise<void> {
  await expect
    .poll(async () => (await numbers(page, figure, of)).map((x) => x.toFixed(9)))
    .toEqual(wanted.map((x) => x.toFixed(9)));
}

describePageInCi("chapters on programs", {
  "code in, code out: an input by keys, another program, its JavaScript, a link, and back": async ({
    open,
  }) => {
    const page = await revealed(await open(served.at("derivative-of-code"), { reducedMotion: "reduce" }));
    await shows(page, "code", "gradient", [3 + Math.cos(2), 2]);
    await page.locator("#code").getByRole("spinbutton", { name: "x" }).press("PageUp");
    await shows(page, "code", "gradient", [3 + Math.cos(3), 3]);
    expect(new URL(page.url()).hash).toContain("x%3D3");
    await page
      .locator("#code textarea")
      .fill('function f(x: number, y: number) { "use ad"; return x * x * y; }');
    await shows(page, "code", "gradient", [18, 9]);
    await page.locator("#code").getByRole("button", { name: "JavaScript" }).click();
    await page.locator("#code pre").getByText("export function fGrad(x, y)").waitFor();
    const other = await alive(await open({ address: page.url() }));
    await shows(other, "code", "gradient", [18, 9]);
    await page.locator("#code textarea").fill("x * (y");
    await page.locator("#code .problem").getByText("^").first().waitFor();
    await shows(page, "code", "gradient", [18, 9]);
    await page.goBack();
    await expect.poll(async () => page.locator("#code textarea").inputValue()).not.toBe("x * (y");
  },

  "a forward pass: the dial by keys and pointer, a step, and a direction in a link": async ({ open }) => {
    const page = await alive(
      await open(served.at("forward-mode", "#along=1%2C2"), { reducedMotion: "reduce" }),
    );
    await shows(page, "pass", "tangent", [3 + Math.cos(2) + 4]);
    const dial = page.getByRole("slider", { name: "direction in x and y" });
    await dial.click({ position: { x: 75, y: 10 } }); // straight up: y alone
    await shows(page, "pass", "tangent", [2]);
    for (let i = 0; i < 18; i++) await dial.press("ArrowRight"); // 90 degrees back: x alone
    await shows(page, "pass", "tangent", [3 + Math.cos(2)]);
    await page.locator("#pass").getByRole("button", { name: "One line back" }).click();
    expect(await page.locator("#pass tr[aria-current]").textContent()).toContain("sin");
  },

  "the dependency graph: a value is selected by click and by key, and a path is highlighted": async ({
    open,
  }) => {
    const page = await revealed(await open(served.at("dependency-graph"), { reducedMotion: "reduce" }));
    await shows(page, "paths", "derivative", [48]);
    await page.locator("#graph").getByRole("button", { name: "y 3" }).click();
    await shows(page, "paths", "derivative", [28]); // u (v + u) / y
    await page.locator("#graph").getByRole("button", { name: "v 8" }).press("Enter");
    await shows(page, "paths", "derivative", [6]);
    await page.locator("#graph").getByRole("button", { name: "x 2" }).press(" ");
    await page.getByRole("button", { name: "x → u → v → z" }).click();
    expect(await page.locator("#graph .edge.is-followed").count()).toBe(3);
    await page.getByRole("button", { name: "three", exact: true }).click();
    await page.locator(".prediction .verdict").getByText("Yes.").waitFor();
  },

  "reverse mode: operands of a line are highlighted; sliders set segments and an iteration": async ({
    open,
  }) => {
    const page = await alive(await open(served.at("reverse-mode", "#step=9"), { reducedMotion: "reduce" }));
    expect(await page.locator("#ways .kept.is-used").allTextContents()).toEqual(["y"]);
    await page.locator("#memory").getByRole("slider", { name: "steps a segment" }).fill("24");
    await page.locator("#memory .finding").getByText("In segments of 24: 30 numbers are kept").waitFor();
    await page.locator("#loop").getByRole("slider", { name: "iteration" }).fill("3");
    await page.locator("#loop td").getByText("i = 3").waitFor();
    expect(await page.locator("#loop pre.code").textContent()).toContain("growGrad(x, r)");
    await page.locator("#costs").getByRole("slider", { name: "outputs m" }).fill("64");
    await page.locator("#costs .finding").getByText("Forward mode is cheaper").waitFor();
  },

  "an exercise names the mistake, and takes any form of the answer": async ({ open }) => {
    const page = await revealed(await open(served.at("reverse-mode"), { reducedMotion: "reduce" }));
    const form = page.locator("form.exercise").first();
    const [, k, raised] = /(\d+)·x·y.*?x([⁰¹²³⁴⁵⁶⁷⁸⁹])/.exec(
      (await form.locator("p").first().textContent())!,
    )!;
    const n = "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(raised!);
    await form.getByRole("textbox").fill(`${k}*y`);
    await form.getByRole("button", { name: "Check" }).click();
    await form.getByText("the second contribution replaced the first").waitFor();
    await form.getByRole("textbox").fill(`y*${k} + x^(${n} - 1)*${n}`);
    await form.getByRole("button", { name: "Check" }).click();
    await form.getByText("Right.").waitFor();
  },

  "solutions are hidden until a guess, except for a link with a state": async ({ open }) => {
    const page = await alive(await open(served.at("reverse-mode"), { reducedMotion: "reduce" }));
    const question = page.getByRole("region", { name: /Predict first/ });
    expect(await page.locator("#costs").isVisible()).toBe(false);
    await question.getByRole("button", { name: "two or three times the operations" }).click();
    await question.getByText("Yes.").waitFor();
    await page.locator("#costs .finding").waitFor();
    expect((await page.locator("#costs .dh-pane > svg").boundingBox())!.width).toBeGreaterThan(300);
    const linked = await alive(await open(served.at("reverse-mode", "#step=9"), { reducedMotion: "reduce" }));
    await linked.locator("#costs .finding").waitFor();
  },
});
