// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { trainNeurons } from "./neurons.ts";
import { predictedSteps } from "./saddle.ts";
import { kinds, leftAt, readTerrain } from "./terrain.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("landscapes", state);

describePageInCi("landscapes", {
  "each kind shows when the methods left it": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const figure = page.locator("#kinds");
    for (const kind of kinds.slice(2, 4)) {
      await figure.getByRole("button", { name: kind.name, exact: true }).click();
      const terrain = readTerrain(kind.text);
      const told = terrain.runs(kind.start, kind.rate).map((run) => {
        const left = leftAt(run, terrain);
        return left === undefined ? `${run.name} not in 300` : `${run.name} after ${left}`;
      });
      expect(await figure.locator(".finding").nth(1).textContent()).toContain(told.join(", "));
    }
  },

  "a link to a saddle shows its steps, and a slider changes them": async ({ open }) => {
    const page = await alive(await open(at("#beside=0.00001&saddle-rate=0.1"), { reducedMotion: "reduce" }));
    const words = page.locator("#saddle .finding");
    expect(await words.textContent()).toContain(`Theory predicts ${predictedSteps(1e-5, 0.1)}.`);
    await page.locator("#saddle").getByRole("slider", { name: "distance from the line" }).press("End");
    expect(await words.textContent()).toContain(`Theory predicts ${predictedSteps(1, 0.1)}.`);
  },

  "equal neurons remain equal, and separate under noise": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const figure = page.locator("#neurons");
    await figure.getByText("the same to the last bit").waitFor();
    await figure.getByRole("slider", { name: "noise on each gradient" }).press("PageUp");
    await figure.getByText(/gradient descent: \(/).waitFor();
    const deviation = Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("noise"));
    expect(deviation).toBeGreaterThan(0);
    const [gd] = trainNeurons([-0.5, -0.5], { deviation, seed: 3 });
    const [x, y] = gd!.points.at(-1)!;
    expect(await figure.locator(".finding").textContent()).toContain(
      `(${shortNumber(x!)}, ${shortNumber(y!)}), loss ${shortNumber(gd!.values.at(-1)!)}`,
    );
  },

  "the map of starts is refined, and coarse again for another rate": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const figure = page.locator("#basins");
    await figure.getByText("32 by 24 starts").waitFor();
    await figure.getByRole("button", { name: "Make it finer" }).click();
    await figure.getByText("128 by 96 starts").waitFor();
    await figure.getByRole("slider", { name: "learning rate η" }).press("ArrowRight");
    await figure.getByText("32 by 24 starts").waitFor();
    const shares = await figure.locator(".map-table tbody tr td:last-child").allTextContents();
    expect(shares.filter((share) => share.endsWith("%")).length).toBe(6);
  },
});
