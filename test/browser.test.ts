import { expect } from "vitest";
import { describeInBrowser } from "./support/browser.ts";

describeInBrowser("a page in Chromium", {
  "runs scripts of its own file": async ({ open }) => {
    const page = await open(
      `<p id="out"></p><script>document.getElementById("out").textContent = 6 * 7</script>`,
    );
    expect(await page.textContent("#out")).toBe("42");
  },

  "follows the colour scheme asked for": async ({ open }) => {
    const page = await open("<p></p>", { colorScheme: "dark" });
    expect(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches)).toBe(true);
  },
});
