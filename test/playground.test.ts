// The playground is one page with the library in it: it must draw what is typed, and say what is wrong with it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { describeInBrowser } from "./support/browser.ts";
import { root } from "./support/snippets.ts";

function buildPage(): string {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "playground/build.mjs")], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return readFileSync(join(root, "playground/dist/index.html"), "utf8");
}

describeInBrowser("the playground", {
  "draws the derivative of what is typed": async ({ open }) => {
    const page = await open(buildPage());
    await page.fill("#text", "x^3");
    await page.waitForSelector("#values label:nth-of-type(1) input");
    await page.waitForFunction(() => document.querySelectorAll("#values input").length === 1);
    await page.fill("#values input", "2");
    const trace = page.frameLocator("#trace");
    await page.waitForFunction(() => document.querySelector("iframe")?.srcdoc.includes("12"));
    await trace.locator("svg").first().waitFor();
    expect(await trace.locator("body").innerText()).toContain("Gradient");
  },

  "shows what is wrong with a caret below it": async ({ open }) => {
    const page = await open(buildPage());
    await page.fill("#text", "x * (y");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.innerText("#error")).toContain("^");
  },
});
