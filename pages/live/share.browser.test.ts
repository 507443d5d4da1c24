// Sharing figures as a reader does, with the keyboard.
import { decodeFrames } from "modern-gif";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import * as downhill from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import * as plain from "downhill/plain";
import { describePageInCi } from "../../test/support/browser.ts";
import { revealed, serveSection } from "../../test/support/live-pages.ts";
import { savedFile } from "../../test/support/page-checks.ts";
import { runProgram } from "../../test/support/run-program.ts";

const modules = {
  downhill,
  "downhill/landscapes": landscapes,
  "downhill/optim": optim,
  "downhill/plain": plain,
};
const served = serveSection("learn");

/** Text that the page writes to the clipboard, which headless browsers do not have. */
async function clipboardOf(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    Object.defineProperty(navigator, "clipboard", {
      value: { writeText: async (text: string) => void (document.documentElement.dataset["copied"] = text) },
    });
  });
  return async () => (await page.locator("html").getAttribute("data-copied")) ?? "";
}

/** Bytes of the file that a button of a figure saves. */
async function bytesOf(page: Page, figure: string, name: string): Promise<Buffer> {
  const button = page.locator(`#${figure}`).getByRole("button", { name, exact: true });
  return Buffer.from(await savedFile(page, button), "latin1");
}

describePageInCi("sharing a figure", {
  "by keys: Share opens, Escape closes it and returns the focus": async ({ open }) => {
    const page = await revealed(await open(served.at("gradient-descent"), { reducedMotion: "reduce" }));
    const share = page.locator("#descent").getByRole("button", { name: "Share" });
    await share.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Copy link");
    await page.keyboard.press("Escape");
    expect(await share.getAttribute("aria-expanded")).toBe("false");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Share");
  },

  "its picture, its animation, and a program that prints its numbers": async ({ open }) => {
    const page = await revealed(
      await open(served.at("gradient-descent", "#rate=0.3"), { reducedMotion: "reduce" }),
    );
    const copied = await clipboardOf(page);
    const figure = page.locator("#descent");
    await figure.getByRole("button", { name: "Share" }).click();
    const drawn = await figure.locator("svg.map, .map svg, svg").first().boundingBox();
    const png = await bytesOf(page, "descent", "Save as PNG");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBeGreaterThan(drawn!.width);
    expect((await bytesOf(page, "descent", "Save as SVG")).toString()).toMatch(/^<svg[^>]* viewBox=/);
    expect((await bytesOf(page, "descent", "Save as animation")).toString()).toContain("@keyframes");
    const gif = decodeFrames(new Uint8Array(await bytesOf(page, "descent", "Save as GIF")).buffer);
    expect(gif.length).toBeGreaterThan(20);
    expect(gif.reduce((sum, { delay }) => sum + delay, 0)).toBe(9000);
    await figure.getByRole("button", { name: "Copy as TypeScript" }).click();
    await expect.poll(copied).toContain("learningRate: 0.3");
    const program = (await copied()).replaceAll(/^export (?=const)/gm, "");
    expect(await runProgram(program, modules)).toContain("gradient descent (η 0.3)");
    await figure.getByRole("button", { name: "Copy link" }).click();
    await expect.poll(copied).toContain("#rate=0.3");
  },

  "a program of the reader, and the program of the chapter where a figure has none": async ({ open }) => {
    const page = await revealed(await open(served.at("reverse-mode"), { reducedMotion: "reduce" }));
    const copied = await clipboardOf(page);
    for (const [figure, text] of [
      ["ways", "export function f(x: number, y: number): number"],
      ["loop", "function grow(x: number, r: number)"],
      ["memory", "import {"],
    ] as const) {
      await page.locator(`#${figure}`).getByRole("button", { name: "Share" }).click();
      await page.locator(`#${figure}`).getByRole("button", { name: "Copy as TypeScript" }).click();
      await expect.poll(copied).toContain(text);
      expect(await runProgram(await copied(), modules)).not.toBe("");
    }
  },
});
