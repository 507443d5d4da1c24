// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { firstParams, opinion, side } from "./network.ts";
import { inkOf, samples } from "./samples.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("a-real-network", state);

describePageInCi("a real network", {
  "training starts when it becomes visible; the slice and the mistakes follow": async ({ open }) => {
    const page = await alive(await open(at(), { reducedMotion: "reduce" }));
    await page.locator("#train").getByRole("button", { name: "Train" }).scrollIntoViewIfNeeded();
    await page.locator("#slice").getByText("of the variance of the path").waitFor();
    expect(await page.locator("#train .finding").textContent()).toMatch(/After 30 epochs [89]\d\.\d %/);
    expect(await page.locator("#mistakes li").count()).toBe(8);
    expect(new URL(page.url()).hash).toBe("");
  },

  "an image drawn by pointer and keys is classified as by the engine, and stored in the link": async ({
    open,
  }) => {
    const page = await revealed(await open(at("#training="), { reducedMotion: "reduce" }));
    const figure = page.locator("#draw");
    const grid = figure.getByRole("grid");
    const inkNow = (): number[] =>
      inkOf(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("ink") ?? samples[3]!);
    const agrees = async (): Promise<void> => {
      const { guess, probabilities } = opinion(firstParams(0), inkNow());
      const told = `takes this for a ${guess}, with a probability of ${(100 * probabilities[guess]!).toFixed(1)} %`;
      expect(await figure.locator(".finding").textContent()).toContain(told);
    };
    await agrees();
    await figure.getByRole("button", { name: "Wipe" }).click();
    await grid.scrollIntoViewIfNeeded();
    const box = (await grid.boundingBox())!;
    const pixel = (row: number, column: number): [number, number] => [
      box.x + ((column + 0.5) * box.width) / side,
      box.y + ((row + 0.5) * box.height) / side,
    ];
    await page.mouse.move(...pixel(1, 4));
    await page.mouse.down();
    for (let row = 2; row < 7; row++) await page.mouse.move(...pixel(row, 4));
    await page.mouse.up();
    expect(inkNow().filter((x) => x >= 0.75)).toHaveLength(6);
    await agrees();
    await grid.locator("[tabindex='0']").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    expect(inkNow().filter((x) => x === 1).length).toBeGreaterThan(0);
    await agrees();
    await page.keyboard.press("Delete");
    expect(inkNow().every((x) => x === 0)).toBe(true);
  },

  "the trained network classifies digits: it shows a slice, mistakes, and a 3 as a 3": async ({ open }) => {
    const page = await alive(await open(at("#method=tuned&training="), { reducedMotion: "reduce" }));
    await page.locator("#train").getByRole("button", { name: "Train" }).click();
    await page.locator("#slice").getByText("of the variance of the path").waitFor();
    expect(await page.locator("#train .finding").textContent()).toMatch(/After 30 epochs 9\d\.\d %/);
    await page.locator("#slice svg").first().scrollIntoViewIfNeeded(); // then the player shows its last step
    await page.locator("#slice").getByText("epoch 30 of 30").waitFor();
    expect(await page.locator("#mistakes li").count()).toBe(8);
    expect(await page.locator("#draw .finding").textContent()).toMatch(/takes this for a 3/);
    await page.locator("#mistakes").getByRole("button", { name: "Look" }).first().click();
    const wrong = await page.locator("#mistakes li").first().textContent();
    const [, guess] = /taken for a (\d)/.exec(wrong!)!;
    expect(await page.locator("#draw .finding").textContent()).toContain(`takes this for a ${guess}`);
    // A reader who opens the link sees the same result, trained again.
    const ended = await page.locator("#train .finding").textContent();
    const link = page.url();
    await page.goto("about:blank");
    await page.goto(link);
    await alive(page);
    await page.locator("#slice").getByText("of the variance of the path").waitFor();
    expect(await page.locator("#train .finding").textContent()).toBe(ended);
    expect(await page.locator("#draw .finding").textContent()).toContain(`takes this for a ${guess}`);
  },
});
