// Every live page as a visitor sees it: interactive without an error, nothing cut off or empty, readable by a screen
// reader, and small enough to load. Widths and themes rotate over the pages.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { section as course } from "../pages/course/contents.ts";
import { section as examples } from "../pages/examples/contents.ts";
import type { Section } from "../pages/live/page.tsx";
import { section as playground } from "../pages/playground/contents.ts";
import { describePageInCi } from "./support/browser.ts";
import { extent, testInCi } from "./support/extent.ts";
import { revealed, serveSection } from "./support/live-pages.ts";
import { layoutAt, tabWalk, violations } from "./support/page-checks.ts";
import { root } from "./support/snippets.ts";

const widths = [375, 768, 1440];
const themes = ["light", "dark"] as const;
const leastText = 11; // pixels
const mostLoaded = 320; // KB gzipped; the engine takes about 200, least squares with sparse matrices 45, and odeint 23

/** Views of a page: one by default, all widths and themes in the thorough extent. */
function viewsOf(i: number): readonly (readonly [width: number, theme: "light" | "dark"])[] {
  const all = themes.flatMap((theme) => widths.map((width) => [width, theme] as const));
  return extent(0, 1) === 1 ? all : [all[i % all.length]!];
}

function describeSection(
  name: "learn" | "playground" | "examples",
  folder: string,
  { pages, extras = [] }: Section,
): void {
  const slugs = [...pages, ...extras].map(({ slug }) => slug);
  test(`${name} has exactly the pages of its contents`, () => {
    const there = readdirSync(join(root, folder)).filter((one) =>
      existsSync(join(root, folder, one, "page.tsx")),
    );
    expect(there.toSorted()).toEqual(slugs.toSorted());
  });
  describe(`built: ${name}`, () => {
    const served = serveSection(name);
    testInCi(`no page of ${name} loads more than ${mostLoaded} KB at first, the engine included`, () => {
      expect([...served.loads().keys()]).toEqual([...slugs, ""]);
      const heavy = [...served.loads()].filter(([, size]) => size > mostLoaded);
      expect(heavy).toEqual([]);
    });
    describePageInCi(
      `the live pages of ${name} by keyboard`,
      Object.fromEntries(
        ["", ...slugs].map((slug) => [
          `Tab reaches every figure and control of ${slug === "" ? name : slug}, visibly and in order`,
          async ({ open }) => {
            const page = await open(served.at(slug), { reducedMotion: "reduce" });
            if (slug !== "" || name !== "examples") await revealed(page);
            const tab = page.locator("[role=tab][aria-selected=true]"); // the playground has one view per tab
            const views = Math.max(1, await page.locator("[role=tab]").count());
            for (let i = 0; i < views; i++) {
              if (i > 0) await tab.press("ArrowRight");
              const first = await tabWalk(page);
              // Figures that compute when they become visible add controls during the first walk, or take the focus away.
              const isClean = first.stops > 8 && first.faults.length === 0;
              const last = isClean ? first : await tabWalk(page);
              expect(last.stops).toBeGreaterThan(8);
              expect(last.faults.filter((fault) => first.faults.includes(fault))).toEqual([]);
            }
          },
        ]),
      ),
    );
    describePageInCi(
      `the live pages of ${name}`,
      Object.fromEntries(
        ["", ...slugs].flatMap((slug, i) =>
          viewsOf(i).map(([width, theme]) => [
            `${slug === "" ? "the list" : slug}, ${width} pixels, ${theme}`,
            async ({ open }) => {
              const page = await open(served.at(slug), {
                viewport: { width, height: 900 },
                colorScheme: theme,
              });
              if (slug !== "" || pages.length === 0 || name === "learn") await revealed(page);
              const layout = await layoutAt(page, width);
              expect(layout.width).toBeLessThanOrEqual(width);
              expect(layout.smallest[0], layout.smallest[1]).toBeGreaterThanOrEqual(leastText);
              expect(layout.hiddenScrolls).toEqual([]);
              // the list shows pictures without draggable elements
              const selecting = await page.evaluate(
                (isPicture) =>
                  isPicture
                    ? []
                    : [...document.querySelectorAll(".drag, .ink-grid, .dial, .map-start, .handle")]
                        .filter((one) => getComputedStyle(one).userSelect !== "none")
                        .map((one) => one.outerHTML.slice(0, 80)),
                slug === "",
              );
              expect(selecting).toEqual([]);
              const empty = page.locator(".live-body:empty, .live-body svg:empty");
              expect(await empty.count()).toBe(0);
              expect(await violations(page)).toEqual([]);
            },
          ]),
        ),
      ),
    );
  });
}

describeSection("learn", "pages/course", course);
describeSection("playground", "pages/playground", playground);
describeSection("examples", "pages/examples", examples);
