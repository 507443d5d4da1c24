// The article as a reader uses it, with the keyboard.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { revealed, serveSection } from "../../../test/support/live-pages.ts";

const served = serveSection("learn");

describePageInCi("the article on loops", {
  "an edited loop changes passes, code and costs; a comparison keeps the loop before": async ({ open }) => {
    const page = await revealed(await open(served.at("your-loop"), { reducedMotion: "reduce" }));
    const cells = page.locator("#costs tbody tr").nth(3).locator("td");
    await expect.poll(async () => cells.allTextContents()).toEqual(["48 B (p)", "48 B (p)"]);
    const text = page.locator("#loop textarea");
    await text.fill((await text.inputValue()).replace("i < 6", "i < 4"));
    await expect.poll(async () => cells.allTextContents()).toEqual(["48 B (p)", "32 B (p)"]);
    await expect
      .poll(async () => page.locator("#emitted pre .emitted-save").first().textContent())
      .toContain("new Float64Array(4)");
    await page.getByRole("button", { name: "Compare the next change with this loop" }).press("Enter");
    await page.locator("#loop select").first().selectOption({ label: "a sum" });
    await expect.poll(async () => cells.allTextContents()).toEqual(["32 B (p)", "nothing"]);
    expect(await page.locator("#emitted pre .emitted-restore").count()).toBe(0);
    await text.fill("function f(x: number) {");
    await page.locator("#loop .problem").getByText("^").first().waitFor();
    await expect.poll(async () => cells.allTextContents()).toEqual(["32 B (p)", "nothing"]);
  },

  "the player goes forward and backward, and the tape empties": async ({ open }) => {
    const page = await revealed(await open(served.at("your-loop"), { reducedMotion: "reduce" }));
    const onTape = async (): Promise<number> =>
      (await page.locator("#loop .tape-of-row").allTextContents()).filter((one) => one !== "").length;
    const slider = page.locator("#loop .player input[type=range]");
    await slider.fill("9");
    await expect.poll(onTape).toBe(6);
    expect(await page.locator("#loop tr[aria-current]").textContent()).toContain("i = 5");
    await slider.press("ArrowRight"); // the last row again, backward
    await slider.press("ArrowRight");
    await expect.poll(onTape).toBe(4);
    await page.locator("#loop .finding").first().getByText("Backward, i = 4").waitFor();
    await slider.press("End");
    await expect.poll(onTape).toBe(0);
  },
});
