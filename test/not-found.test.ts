// The site's page for missing addresses, as a server sends it for an address far below the root.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { describePageInCi } from "./support/browser.ts";
import { serveFolder, type ServedFolder } from "../src/cli/learn/serve-folder.ts";
import { layoutAt, violations } from "./support/page-checks.ts";
import { root } from "./support/snippets.ts";

const [{ notFoundPage }, { indexOf, textsOf }] = (await Promise.all(
  ["not-found-page", "search"].map((name) => import(join(root, `docs/site/${name}.mjs`))),
)) as [
  { notFoundPage(): Promise<string> },
  { indexOf(sections: readonly object[]): object; textsOf(sections: readonly object[]): string[] },
];

let folder: string;
let site: ServedFolder;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-not-found-"));
  const sections = [
    { page: "Schedules", heading: "Schedules", url: "guides/schedules.html", text: "How a rate falls." },
    {
      page: "Fitting",
      heading: "Errors",
      url: "guides/fitting.html#errors",
      text: "Standard errors of a fit.",
    },
  ];
  writeFileSync(join(folder, "search-index.json"), JSON.stringify(indexOf(sections)));
  writeFileSync(join(folder, "search-texts.json"), JSON.stringify(textsOf(sections)));
  writeFileSync(join(folder, "404.html"), await notFoundPage());
  site = await serveFolder(folder, 0, { base: "/some/where/" });
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

// its scripts and styles were relative to the requested address: below the root the page was blank
describePageInCi("the page for a missing address", {
  "leads home and searches the site from any depth, by keys too": async ({ open }) => {
    for (const path of ["guides/old/schedules.html", "schedules"]) {
      const page = await open({ address: site.address + path, mayReport: /status of 404/ });
      const link = page.getByRole("link", { name: "Schedules" });
      await link.waitFor();
      expect(
        await page.getByRole("link", { name: /start page/ }).evaluate((a) => (a as HTMLAnchorElement).href),
      ).toBe(site.address);
      await page.getByLabel("Search the site").focus();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type("standard errors");
      const result = page.getByRole("listitem");
      expect(await result.allInnerTexts()).toEqual(["Fitting: Errors\nStandard errors of a fit."]);
      expect(await result.getByRole("link").getAttribute("href")).toBe(
        "/some/where/guides/fitting.html#errors",
      );
      expect((await layoutAt(page, 320)).width).toBeLessThanOrEqual(320);
      expect(await violations(page)).toEqual([]);
    }
  },
  // words of the address such as "no" and "page" found sections that contain "node" and "pages"
  "offers no results for an address without a topic": async ({ open }) => {
    const page = await open({ address: `${site.address}docs/no/such/page.html`, mayReport: /status of 404/ });
    await page.getByLabel("Search the site").waitFor();
    expect(await page.getByLabel("Search the site").inputValue()).toBe("no such");
    expect(await page.getByRole("listitem").count()).toBe(0);
    expect(await page.getByRole("status").innerText()).toBe("");
  },
  // the page had another background in the dark theme, and did not follow a chosen theme
  "follows the theme that the reader chose on the site": async ({ open }) => {
    const page = await open({ address: `${site.address}schedules`, mayReport: /status of 404/ });
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    for (const [theme, colour] of [
      ["dark", "rgb(13, 17, 23)"],
      ["light", "rgb(255, 255, 255)"],
    ] as const) {
      await page.evaluate((chosen) => localStorage.setItem("vitepress-theme-appearance", chosen), theme);
      await page.reload();
      expect(await background()).toBe(colour);
    }
  },
});
