// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { settle } from "./model.ts";

const served = serveSection("examples");

describePageInCi("rubber to pull", {
  "a corner moved by a key shows its force, and the address stores its position": async ({ open }) => {
    const page = await alive(await open(served.at("soft-body", "#weight=0.02")));
    await page.getByRole("button", { name: /^upper corner/ }).press("ArrowRight");
    const x = Number((3.3 + 5 / 60).toPrecision(4));
    const { forces } = settle({ held: { upper: [x, 1.2] }, bulk: 3, weight: 0.02 });
    await page.getByText(`Force at the upper corner: ${shortNumber(Math.hypot(...forces.upper!))}`).waitFor();
    await expect.poll(() => page.url()).toContain(encodeURIComponent(`${x},1.2`));
  },
});
