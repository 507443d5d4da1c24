// Uses the examples as a reader does: after a drag, a key or a click, the page shows the results of the model.
import { expect } from "vitest";
import { describePageInCi } from "../../test/support/browser.ts";
import { alive, serveSection } from "../../test/support/live-pages.ts";
import { shortNumber } from "../live/fields.tsx";
import { casesOf, counted, forecast } from "./epidemic/model.ts";
import { fitKernel, twoValleys } from "./gaussian-process/model.ts";
import { follow } from "./inverse-kinematics/model.ts";
import { identify, measure } from "./pendulum/model.ts";
import { flight, react } from "./stiff-and-events/model.ts";

const served = serveSection("examples");

/** The state encoded in an address. */
const stateOf = (address: string): URLSearchParams => new URLSearchParams(new URL(address).hash.slice(1));

describePageInCi("the examples", {
  "the arm follows its target by drag and by key": async ({ open }) => {
    const page = await alive(await open(served.at("inverse-kinematics")));
    const target = page.getByRole("button", { name: /^target/ });
    await target.scrollIntoViewIfNeeded();
    const box = (await target.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 60, y + 80, { steps: 3 });
    await page.mouse.up();
    await target.press("ArrowUp");
    const state = stateOf(page.url());
    const [at, before] = ["target", "before"].map((key) => state.get(key)!.split(",").map(Number));
    const arm = follow(before!, at!, { joints: 4, limit: (120 * Math.PI) / 180, stiffness: 0.02 });
    const angles = await page.locator("#arm tbody td:nth-child(2)").allTextContents();
    const shown = angles.map((text) => Number(text.replace("−", "-").replace("°", "")));
    for (const [i, angle] of arm.angles.entries())
      expect(shown[i]! - (angle * 180) / Math.PI).toBeCloseTo(0, 0);
  },

  "the process: seven points with two explanations, an added point, and its kernel fitted again": async ({
    open,
  }) => {
    const page = await alive(await open(served.at("gaussian-process")));
    await page.getByRole("button", { name: "Show seven such points" }).click();
    const finding = page.locator("#likelihood .finding");
    const { kernel } = fitKernel(twoValleys.points);
    expect(await finding.textContent()).toContain(`length ${shortNumber(kernel.length)}`);
    const length = page.getByRole("spinbutton", { name: "length of the kernel" });
    expect(await length.textContent()).toBe(shortNumber(twoValleys.kernel.length));
    await page.getByRole("checkbox").check();
    expect(await length.textContent()).toBe(shortNumber(kernel.length));
    await page.locator("#process .plane svg").click({ position: { x: 120, y: 60 } });
    expect(await page.getByRole("button", { name: /^point 8/ }).count()).toBe(1);
    expect(stateOf(page.url()).get("points")!.split(";")).toHaveLength(8);
  },

  "the pendulum: a search from the wrong length is reported": async ({ open }) => {
    const page = await alive(await open(served.at("pendulum", "#angle=90")));
    const words = page.locator("#swing .finding");
    expect(await words.textContent()).toContain("the size of the errors");
    await page.getByRole("button", { name: "0.5 m" }).click();
    expect(await words.textContent()).toContain("in a wrong valley");
    const inRadians = Math.PI / 180;
    const measured = measure(
      { length: 1.4, damping: 0.25, angle: 90 * inRadians },
      { count: 24, noise: 4 * inRadians, seed: 1 },
    );
    const { found } = identify(measured, "sine", 0.5);
    expect(await page.locator("#swing tbody td").first().textContent()).toContain(shortNumber(found.length));
  },

  "the reaction by an explicit method, and a ball that bounces less": async ({ open }) => {
    const page = await alive(await open(served.at("stiff-and-events")));
    await page.getByRole("button", { name: "dopri5" }).click();
    const { steps } = react({ time: 150, factor: 3 }, "dopri5");
    expect(await page.locator("#reaction .finding").textContent()).toContain(steps.toLocaleString("en-US"));
    await page.getByRole("slider", { name: /speed that a bounce leaves/ }).press("Home");
    const { bounces } = flight({ height: 1.5, bounciness: 0.4 });
    const rows = await page.locator("#ball tbody td:nth-child(2)").allTextContents();
    expect(rows).toEqual(bounces.map((t) => t.toFixed(3)));
  },

  "the epidemic: a later day, and fewer contacts": async ({ open }) => {
    const page = await alive(await open(served.at("epidemic")));
    await page.getByRole("slider", { name: /today is day/ }).press("PageUp");
    await page.getByRole("slider", { name: /remaining contacts/ }).press("End");
    const state = stateOf(page.url());
    expect(state.get("contacts")).toBe("100");
    const until = Number(state.get("until"));
    expect(until).toBeGreaterThan(14);
    const counts = counted({ reproduction: 2.5, infectious: 5, first: 20 }, 1);
    const { found } = forecast(counts, until);
    expect(await page.locator("#forecast tbody td").first().textContent()).toBe(
      found.reproduction.toPrecision(3),
    );
    const all = Math.round(casesOf(found).reduce((sum, cases) => sum + cases, 0));
    const words = await page.locator("#contacts .finding").textContent();
    const numbers = words!.match(/[\d,]+(?= cases)|(?<=instead of )[\d,]+/g)!;
    for (const number of numbers)
      expect(Math.abs(Number(number.replaceAll(",", "")) - all)).toBeLessThanOrEqual(20);
  },
});
