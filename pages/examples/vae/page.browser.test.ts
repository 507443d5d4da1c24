// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { violations } from "../../../test/support/page-checks.ts";
import { codesOf, firstParams, picturesOf } from "./model.ts";
import { digitImages, digitLabels } from "./data.ts";

const served = serveSection("examples");

describePageInCi("a plane of digits", {
  "the circle is dragged and moved by keys: its code is decoded, and the nearest digit named": async ({
    open,
  }) => {
    const page = await alive(await open(served.at("vae")));
    await button(page, "Start again").click(); // the automatic training run
    const circle = page.getByRole("button", { name: /^the code that is decoded/ }).first();
    await circle.scrollIntoViewIfNeeded();
    const box = (await circle.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 40, y + 30, { steps: 3 });
    await page.mouse.up();
    await circle.press("ArrowLeft");
    const state = new URLSearchParams(new URL(page.url()).hash.slice(1));
    const code = state.get("code")!.split(",").map(Number) as [number, number];
    expect(code[0]).toBeLessThan(0.5);
    expect(code[1]).toBeLessThan(0.5);
    const [ink] = picturesOf(firstParams(6), [code]);
    const drawn = page.locator(".vae-decoded svg").first().locator("rect");
    const shown = await drawn.evaluateAll((rects) =>
      rects.map((rect) => Number(rect.getAttribute("fill-opacity"))),
    );
    for (const [i, opacity] of shown.entries()) expect(opacity).toBeCloseTo(ink![i]!, 5);
    const distances = codesOf(firstParams(6), digitImages(0)).map(([a, b]) =>
      Math.hypot(a - code[0], b - code[1]),
    );
    const nearest = distances.indexOf(Math.min(...distances));
    const words = page.locator("#plane .finding");
    expect(await words.textContent()).toContain(
      `a ${digitLabels()[nearest]}, ${distances[nearest]!.toFixed(2)} away`,
    );
  },

  "the networks train in the worker, stop, resume with another β and restart": async ({ open }) => {
    const page = await alive(await open(served.at("vae")));
    await page.getByText(/^epoch \d+: bound −/).waitFor(); // it starts automatically
    await button(page, "Go on").click();
    await page.getByText(/^epoch \d+: bound −/).waitFor();
    await button(page, "Stop").click();
    expect(await page.locator("#bound .chart").count()).toBe(2);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("slider", { name: "β" }).press("End");
    await button(page, "Go on").click();
    await page.getByText(/^epoch [1-9]\d: bound −/).waitFor();
    await button(page, "Start again").click();
    await button(page, "Train").waitFor();
    expect(await page.locator("#bound .chart").count()).toBe(0);
  },

  "a class is highlighted, and an interpolation connects two digits": async ({ open }) => {
    const page = await alive(await open(served.at("vae")));
    await button(page, "7").click();
    expect(await page.locator(".vae-points:not(.is-faint)").getAttribute("class")).toContain("vae-class-7");
    await page.locator("#way select").nth(1).selectOption("1");
    await page.getByRole("img", { name: "A 1 of the data" }).waitFor();
  },
});

function button(page: Awaited<ReturnType<typeof alive>>, name: string) {
  return page.getByRole("button", { name, exact: true });
}
