// Uses the chapter as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { factorOf } from "./momentum.ts";

const served = serveSection("learn");
const at = (state = ""): { readonly address: string } => served.at("momentum-and-schedules", state);

describePageInCi("momentum and schedules", {
  "a β from the keyboard or a link has the theoretical factor per step": async ({ open }) => {
    const page = await alive(await open(at("#beta=0.8&rate=0.04&kappa=25"), { reducedMotion: "reduce" }));
    const words = page.locator("#theory .finding");
    expect(await words.textContent()).toContain(factorOf({ rate: 0.04, beta: 0.8, kappa: 25 }).toFixed(4));
    await page.locator("#theory").getByRole("spinbutton", { name: "momentum β" }).press("ArrowRight");
    expect(await words.textContent()).toContain(factorOf({ rate: 0.04, beta: 0.81, kappa: 25 }).toFixed(4));
    expect(new URL(page.url()).hash).toContain("beta=0.81");
    await page.locator("#theory").getByRole("spinbutton", { name: "condition number κ" }).press("End");
    expect(await words.textContent()).toContain("diverges");
  },

  "training and a range test start when they become visible, and are not in the address": async ({
    open,
  }) => {
    const page = await revealed(await open(at(), { reducedMotion: "reduce" }));
    expect(await page.locator("#schedules .finding li").count()).toBe(0);
    await page.locator("#schedules").getByRole("button", { name: "Train" }).scrollIntoViewIfNeeded();
    await page.locator("#schedules").getByText("40 epochs done").waitFor();
    await page.getByRole("button", { name: "Run the test" }).scrollIntoViewIfNeeded();
    await page.locator("#range .finding").getByText("The loss begins to fall at").waitFor();
    expect(await page.locator("#range .chart svg text", { hasText: "highest" }).count()).toBe(1);
    expect(new URL(page.url()).hash).toBe("");
  },

  "the network trains for all epochs; a stopped run keeps its progress": async ({ open }) => {
    const page = await alive(await open(at("#schedule=one-cycle&trainings="), { reducedMotion: "reduce" }));
    const figure = page.locator("#schedules");
    await figure.getByRole("button", { name: "Train" }).click();
    await figure.getByText("40 epochs done").waitFor();
    const told = await figure.locator(".finding li").textContent();
    expect(Number(told!.match(/[\d.]+$/)![0])).toBeLessThan(0.3);
    await figure.getByRole("button", { name: "held" }).click();
    await page.evaluate(async () => {
      const press = (name: string): void => {
        const buttons = [...document.querySelectorAll<HTMLButtonElement>("#schedules button")];
        buttons.find(({ textContent }) => textContent === name)!.click();
      };
      press("Train");
      await new Promise(requestAnimationFrame); // the page shows that training runs
      await new Promise(requestAnimationFrame);
      press("Stop");
    });
    expect(await figure.getByRole("button", { name: "Train" }).isEnabled()).toBe(true);
    const held = figure.locator(".finding li", { hasText: "held" });
    const done =
      (await held.count()) === 0 ? 0 : Number.parseInt((await held.textContent())!.split(", epoch ")[1]!, 10);
    expect(done).toBeLessThan(40);
  },

  "a link repeats the training that its sender saw": async ({ open }) => {
    const page = await alive(await open(at("#schedule=cosine&trainings="), { reducedMotion: "reduce" }));
    const figure = page.locator("#schedules");
    const told = (): Promise<string[]> => figure.locator(".finding li").allTextContents();
    await figure.getByRole("button", { name: "Train" }).click();
    await figure.getByText("40 epochs done").waitFor();
    const [cosine] = await told();
    const link = page.url();
    expect(new URL(link).hash).toContain("trainings=cosine");
    await page.goto("about:blank");
    await page.goto(link);
    await alive(page);
    await figure.getByText("40 epochs done").waitFor();
    expect(await told()).toEqual([cosine]);
    await figure.getByRole("button", { name: "Clear" }).click();
    expect(await told()).toEqual([]);
    expect(new URL(page.url()).hash).toMatch(/trainings=$/);
  },
});
