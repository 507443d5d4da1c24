// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { ways } from "./model.ts";

const served = serveSection("examples");

describePageInCi("a path around obstacles", {
  "a dragged disc changes the path, and Reset restores it": async ({ open }) => {
    const page = await alive(await open(served.at("trajectory", "#discs=1")));
    const finding = page.locator("#path .finding");
    const box = (await page.getByRole("button", { name: /^centre of disc 1/ }).boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y + 30);
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain("disc1");
    const at = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("disc1")!.split(",").map(Number);
    const [best] = ways({
      start: [0.6, -0.4],
      goal: [9.4, 0.3],
      discs: [{ at, radius: 1 }],
      stiffness: 0.02,
      clearance: 0.25,
    });
    expect(await finding.textContent()).toContain(`it is ${shortNumber(best!.length)} long`);
    await page.locator("#path").getByRole("button", { name: "Reset" }).click();
    await expect.poll(() => page.url()).not.toContain("disc1");
  },
});
