// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { swingUp } from "./model.ts";

const served = serveSection("examples");

describePageInCi("a swing-up with limits", {
  "a dragged corner changes both limits, and the motion follows": async ({ open }) => {
    const page = await alive(await open(served.at("swing-up", "#step=12")));
    const finding = page.locator("#swing .finding");
    const before = await finding.textContent();
    const box = (await page.getByRole("button", { name: "horizon and largest torque" }).boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y - 20);
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain("torque");
    const limits = new URLSearchParams(new URL(page.url()).hash.slice(1));
    const [horizon, torque] = [Number(limits.get("horizon")), Number(limits.get("torque"))];
    expect(horizon).toBeGreaterThan(4);
    expect(torque).toBeGreaterThan(3.2);
    const { cost } = swingUp({ horizon, torque, speed: 12 });
    await expect.poll(() => finding.textContent()).toContain(`The least effort is ${shortNumber(cost)}`);
    expect(await finding.textContent()).not.toBe(before);
  },
  "limits without a motion are reported": async ({ open }) => {
    const page = await alive(await open(served.at("swing-up", "#horizon=1&torque=3&step=5")));
    expect(await page.locator("#swing .finding").textContent()).toContain(
      "No motion was found within these limits",
    );
  },
});
