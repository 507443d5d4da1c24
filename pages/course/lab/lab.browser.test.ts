// Solves puzzles as a learner does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, revealed, serveSection } from "../../../test/support/live-pages.ts";
import { puzzles } from "../gradient-descent/puzzles.ts";
import { printed } from "../derivatives-of-programs/program.ts";

const served = serveSection("learn");

describePageInCi("puzzles", {
  "the first puzzle is solved on the list, by keys alone, and the list shows the progress": async ({
    open,
  }) => {
    const page = await alive(await open(served.at("")));
    const code = page.getByRole("textbox", { name: /Your first derivative/ });
    await code.focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("function slope(x) {\nreturn 2 * x;");
    expect(await code.inputValue()).toBe("function slope(x) {\n  return 2 * x;");
    await page.keyboard.press("Control+Enter");
    await page.getByText("The code does not run.").waitFor();
    await page.keyboard.type("\n}");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Check");
    await page.keyboard.press("Enter");
    await page.getByText("Solved: all 3 checks pass.").waitFor();
    expect(await page.getByText("1 of 4 puzzles solved").count()).toBe(1);
    await page.reload();
    await alive(page);
    await page.getByText("You have solved 1 of").waitFor();
    await page.goto(served.at("results").address);
    await alive(page);
    await page.getByText(/^1 of \d+ puzzles solved$/).waitFor();
    await page.getByText("Your code", { exact: true }).click();
    await page.getByText("return 2 * x;").waitFor();
    await page.evaluate(() => localStorage.clear());
  },

  "hints, a wrong answer, an endless loop, a solution, and the code of an earlier visit": async ({
    open,
  }) => {
    const page = await revealed(await open(served.at("gradient-descent"), { reducedMotion: "reduce" }));
    const puzzle = page.getByRole("region", { name: /^Write gradient descent/ });
    const code = puzzle.getByRole("textbox");
    await puzzle.getByRole("button", { name: "Check" }).click();
    await puzzle.getByText("it should be [0.6, 2.2]").waitFor();
    for (const i of [1, 2, 3]) await puzzle.getByRole("button", { name: `Hint ${i} of 3` }).click();
    expect(await puzzle.getByRole("listitem").filter({ hasText: "uphill" }).count()).toBe(1);
    await code.fill("function step() { for (;;) {} }");
    await puzzle.getByRole("button", { name: "Check" }).click();
    await page.locator("#descent").getByRole("button", { name: "Rosenbrock" }).click(); // the page responds
    await puzzle.getByRole("button", { name: "Stop" }).waitFor();
    await puzzle.getByText("without an end").waitFor();
    await puzzle.getByRole("button", { name: "Show a solution" }).click();
    await puzzle.getByText("rate * gradient[i]").first().waitFor();
    await code.fill(puzzles[0]!.solution);
    await puzzle.getByRole("button", { name: "Check" }).click();
    await puzzle.getByText("Solved: all 3").waitFor();
    await page.reload();
    await alive(page);
    expect(await code.inputValue()).toBe(puzzles[0]!.solution);
    await puzzle.getByText("✓ solved").waitFor();
    await page.evaluate(() => localStorage.clear());
  },

  "a program with “use ad” is edited and run in its chapter": async ({ open }) => {
    const page = await alive(await open(served.at("derivatives-of-programs"), { reducedMotion: "reduce" }));
    const program = page.locator(".ten-lines");
    await program.getByRole("button", { name: "Run" }).click();
    await program.getByText("It printed").waitFor();
    await expect.poll(async () => program.locator("pre.code").textContent()).toBe(printed);
    const code = program.getByRole("textbox");
    await code.fill((await code.inputValue()).replace("(0.8, 7)", "(0.8, 0)"));
    await program.getByRole("button", { name: "Run" }).click();
    await expect.poll(async () => program.locator("pre.code").textContent()).toContain("0.0000");
    await code.fill("nothing();");
    await program.getByRole("button", { name: "Run" }).click();
    await program.getByText("nothing is not defined").waitFor();
  },

  "a player starts at step 0 and plays when it is visible, without a change of the address": async ({
    open,
  }) => {
    const page = await revealed(await open(served.at("gradient-descent")));
    const step = page.locator("#descent .player output");
    await page.locator("#descent svg.map").scrollIntoViewIfNeeded();
    await expect.poll(async () => step.textContent()).not.toBe("step 0 of 60");
    expect(new URL(page.url()).hash).toBe("");
    await page.locator("#descent").getByRole("button", { name: "Pause" }).click();
    await page.locator("#descent").getByRole("button", { name: "One step back" }).click();
    await page.waitForURL((url) => url.hash.includes("step="));
    const still = await alive(await open(served.at("gradient-descent"), { reducedMotion: "reduce" }));
    await still.locator("#descent svg.map").scrollIntoViewIfNeeded();
    await still.locator("#descent .player output").getByText("step 60 of 60").waitFor();
  },

  "a shared result is shown, and a damaged one is reported": async ({ open }) => {
    const page = await alive(await open(served.at("results", "#solved=f-1")));
    await page.getByText("5 of").first().waitFor();
    await page.getByText("the result of the sender").waitFor();
    await page.getByRole("button", { name: "Show mine" }).click();
    await page.getByText(/^0 of/).first().waitFor();
    const damaged = await alive(await open(served.at("results", "#solved=x")));
    await damaged.getByText("it is not a result of this course").waitFor();
  },

  // the column of prerequisites was cut off on phones
  "the table for teachers fits a phone": async ({ open }) => {
    const page = await alive(await open(served.at("teachers")));
    await page.setViewportSize({ width: 390, height: 800 });
    const widths = await page.evaluate(() => [
      document.querySelector("table.chapters")!.getBoundingClientRect().right,
      document.documentElement.clientWidth,
    ]);
    expect(widths[0]).toBeLessThanOrEqual(widths[1]!);
    await page.getByText("needs chapters 4, 6 and 9").waitFor();
  },
});
