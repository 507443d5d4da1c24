import { expect } from "vitest";
import { type BrowserTest, describeInBrowser } from "./support/browser.ts";

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

  ...Object.fromEntries(
    ["a test", "the next one"].map((which) => [
      `${which} sees nothing of what another has kept, set and emulated`,
      async ({ open }: BrowserTest) => {
        const page = await open("<p>keeps</p>");
        const found = await page.evaluate(() => [
          localStorage.length,
          document.cookie,
          innerWidth,
          matchMedia("(prefers-color-scheme: dark)").matches,
          "left" in window,
        ]);
        expect(found).toEqual([0, "", 1280, false, false]);
        await page.evaluate(() => {
          localStorage.setItem("left", "here");
          Object.assign(window, { left: true });
        });
        await page.setViewportSize({ width: 500, height: 500 });
        await page.emulateMedia({ colorScheme: "dark" });
      },
    ]),
  ),
});
