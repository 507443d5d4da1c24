// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { diagnose } from "./diagnostics.ts";
import { draws, sample } from "./sampler.ts";

const served = serveSection("examples");
const settled = 50; // initial draws that averages ignore

describePageInCi("chains that roll through a density", {
  "a dragged start and another density show the chains of the sampler": async ({ open }) => {
    const page = await alive(await open(served.at("hmc", "#step-size=0.2&leaps=10")));
    const figure = page.locator("#chains");
    const start = page.getByRole("button", { name: /^start of chain 1/ });
    await start.scrollIntoViewIfNeeded();
    const box = (await start.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 120, y + 90, { steps: 3 });
    await page.mouse.up();
    await figure.getByRole("button", { name: /humps/i }).click();
    await expect.poll(() => page.url()).toContain("start1=");
    const state = new URLSearchParams(new URL(page.url()).hash.slice(1));
    const first = state.get("start1")!.split(",").map(Number);
    const chains = sample({
      target: state.get("density") as Parameters<typeof sample>[0]["target"],
      starts: [first, [2.5, 2], [-2.5, -2], [2.5, -2]],
      stepSize: 0.2,
      steps: 10,
      seed: 1,
    });
    const share = chains.accepted.flat().filter(Boolean).length / (draws * 4);
    const accepted = figure.locator(".finding");
    await expect
      .poll(() => accepted.textContent())
      .toContain(`${(100 * share).toFixed(0)} % of the proposals were accepted`);
    const said = [0, 1].map((axis) =>
      diagnose(chains.points.map((points) => points.slice(settled + 1).map((point) => point[axis]!))),
    );
    const cells = await figure.locator("tbody td:nth-child(4)").allTextContents();
    expect(cells).toEqual(said.map(({ rHat }) => rHat.toFixed(2)));
  },

  "the chains are played to a draw by keys, and the back button restores the density": async ({ open }) => {
    const page = await alive(await open(served.at("hmc")));
    const figure = page.locator("#chains");
    const player = figure.getByRole("group", { name: "Play the chains" });
    await player.getByRole("slider").press("Home");
    await player.getByRole("button", { name: "One draw on" }).click();
    expect(await player.locator("output").textContent()).toBe(`draw 1 of ${draws}`);
    const pressed = figure.locator("fieldset.choice button[aria-pressed=true]");
    const before = await pressed.textContent();
    await figure.locator("fieldset.choice button[aria-pressed=false]").first().click();
    expect(await pressed.textContent()).not.toBe(before);
    await page.goBack();
    await expect.poll(() => pressed.textContent()).toBe(before);
  },
});
