// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { memorySteps, rememberedBy } from "./memory.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("adaptive-methods", state);

describePageInCi("adaptive methods", {
  "a step, another method and a moved start update the bars to the values of the engine": async ({
    open,
  }) => {
    const page = await revealed(await open(at("#step=8")));
    const figure = page.locator("#memory");
    const row = figure.locator(".bars tr", { hasText: "remembered size" });
    const first = rememberedBy("adagrad")([-3, 2], { rate: 0.2, kappa: 25 });
    expect(await row.textContent()).toContain(shortNumber(first.sizes[7]![1]!));
    const adam = figure.getByRole("button", { name: "Adam" });
    await adam.click();
    await page.goBack();
    expect(await adam.getAttribute("aria-pressed")).toBe("false");
    await figure.getByRole("button", { name: "One step on" }).click();
    expect(await row.textContent()).toContain(shortNumber(first.sizes[8]![1]!));
    await adam.click();
    await figure.getByRole("slider", { name: "start of the runs" }).press("ArrowRight");
    expect(await figure.locator(".bars tr").count()).toBe(5);
    const hash = new URLSearchParams(new URL(page.url()).hash.slice(1));
    const [x, y] = hash.get("start")!.split(",").map(Number);
    const moved = rememberedBy("adam")([x!, y!], { rate: 0.2, kappa: 25 });
    expect(await row.textContent()).toContain(shortNumber(moved.sizes[8]![0]!));
  },

  "playback stops at the end; with reduced motion it jumps there": async ({ open }) => {
    const page = await alive(await open(at("#step=78"), { reducedMotion: "reduce" }));
    const player = page.getByRole("group", { name: "Play the run" });
    await player.getByRole("button", { name: "Play" }).click();
    await player.getByText(`step ${memorySteps} of ${memorySteps}`).waitFor();
    expect(await player.getByRole("button", { name: "Play" }).getAttribute("aria-pressed")).toBe("false");
  },

  "the large slope is changed by keys, and Adam still ends at the worst point": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    await page.getByRole("spinbutton", { name: "the rare large slope C" }).press("PageUp");
    const words = await page.locator("#diverges .finding").textContent();
    expect(words).toMatch(/Adam ends at x = (0\.9|1\.0)\d+/);
    expect(words).toMatch(/AMSGrad ends at x = -(0\.9|1\.0)\d+/);
  },
});
