// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { shortNumber } from "../../live/fields.tsx";
import { readHill } from "./hill.ts";
import { predictedSteps } from "./bowls.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("gradient-descent", state);

describePageInCi("gradient descent", {
  "a click and the arrow keys move the start, and the run equals the engine's": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const map = page.locator("#descent svg.map");
    const box = (await map.boundingBox())!;
    await map.click({ position: { x: box.width * 0.7, y: box.height * 0.2 } });
    const [x, y] = new URLSearchParams(new URL(page.url()).hash.slice(1))
      .get("start")!
      .split(",")
      .map(Number) as [number, number];
    expect(x).toBeGreaterThan(0);
    expect(y).toBeGreaterThan(0);
    const rowFor = (start: readonly number[]): string[] => {
      const { points, values } = readHill("(x^2 + 3*y^2)/2").descend(start, { rate: 0.2 });
      return [...points.at(-1)!, values.at(-1)!].map(shortNumber);
    };
    const cells = page.locator("#descent .map-table td");
    expect((await cells.allTextContents()).slice(1)).toEqual(rowFor([x, y]));
    await page.goBack();
    await page.waitForURL((url) => url.hash === "");
    expect((await cells.allTextContents()).slice(1)).toEqual(rowFor([-3.2, 2]));
    await page.goForward();
    await page.waitForURL((url) => url.hash !== "");
    expect((await cells.allTextContents()).slice(1)).toEqual(rowFor([x, y]));
    const start = page.locator("#descent").getByRole("slider", { name: "start of the runs" });
    await start.press("ArrowRight");
    const moved = Number((x + 8 / 50).toPrecision(4));
    expect(await start.getAttribute("aria-valuetext")).toContain(`x = ${shortNumber(moved)}`);
    expect((await cells.allTextContents()).slice(1)).toEqual(rowFor([moved, y]));
  },

  "the start follows a drag of the mouse": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const start = page.locator("#descent").getByRole("slider", { name: "start of the runs" });
    await start.scrollIntoViewIfNeeded();
    const box = (await start.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 90, box.y + box.height / 2 + 60, { steps: 4 });
    await page.mouse.up();
    const now = (await start.boundingBox())!;
    expect(now.x - box.x).toBeGreaterThan(80);
    expect(now.y - box.y).toBeGreaterThan(50);
  },

  "a reader's formula, an invalid one, and a rate above the limit": async ({ open }) => {
    const page = await alive(await open(at("#rate=0.3"), { reducedMotion: "reduce" }));
    const figure = page.locator("#descent");
    const field = figure.getByRole("textbox", { name: "f =" });
    await field.fill("x^2 + 4*y^2");
    await figure.getByText("diverges").waitFor(); // 0.3 is above 2/8
    await field.fill("x^2 + 4*y^");
    expect(await figure.locator(".problem").first().textContent()).toContain("a value is missing");
    await figure.getByText("diverges").waitFor(); // the last valid formula stays
    await field.fill("x^2 + 3*y^2");
    await figure.getByText("2/6 = 0.3333").waitFor();
  },

  "the limit and the steps of theory are counted": async ({ open }) => {
    const page = await alive(await open(at("#kappa=30"), { reducedMotion: "reduce" }));
    const words = page.locator("#valley .finding");
    expect(await words.textContent()).toContain(`By theory: ${predictedSteps(30)}.`);
    const { counted } = (await words.textContent())!.match(/Counted: (?<counted>\d+) steps/)!.groups!;
    expect(Math.abs(Number(counted) - predictedSteps(30))).toBeLessThanOrEqual(1);
    await page.locator("#limit").getByRole("spinbutton", { name: "learning rate" }).press("End");
    await page.locator("#limit").getByText("grows, from side to side").first().waitFor();
    await page.locator("#limit").getByRole("button", { name: "Reset" }).click();
    expect(await page.locator("#limit").getByText("grows").count()).toBe(0);
  },

  "a known mistake is named": async ({ open }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    const exercise = page.getByRole("form", { name: "One step" });
    const question = await exercise.locator("p").first().textContent();
    const slope = question!.includes("x³")
      ? "3*x^2"
      : question!.includes("sin")
        ? "2*cos(2*x)"
        : question!.includes("exp")
          ? "exp(x) - 1"
          : "4*x^3 - 1";
    await exercise.getByRole("textbox").fill(`x + r*(${slope})`);
    await exercise.getByRole("button", { name: "Check" }).click();
    expect(await exercise.locator(".verdict").textContent()).toContain("the sign of the step");
    await exercise.getByRole("textbox").fill(`x - (${slope})*r`);
    await exercise.getByRole("button", { name: "Check" }).click();
    expect(await exercise.locator(".verdict").textContent()).toBe("Right.");
  },
});
