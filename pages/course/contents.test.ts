// The minutes of the chapters follow from the length of their text and from their tasks.
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LivePage } from "../live/page.tsx";
import { section } from "./contents.ts";
import { puzzleLinks } from "./lab/titles.ts";

const [wordsPerMinute, minutesPerFigure, minutesPerExercise, minutesPerPuzzle] = [150, 2, 1.5, 3];
const tolerance = 0.25; // relative; the minutes are rounded to fives

test.each(section.pages.map(({ slug, minutes }) => [slug, minutes] as const))(
  "%s takes %i minutes",
  async (slug, minutes) => {
    const { page } = (await import(join(import.meta.dirname, slug, "page.tsx"))) as {
      readonly page: LivePage;
    };
    await page.prepare?.();
    const html = renderToString(h(page.Body, {}));
    const text = html.replaceAll(/<(svg|table|pre|textarea)\b.*?<\/\1>/gs, " ").replaceAll(/<[^>]*>/g, " ");
    const words = text.split(/\s+/).filter((word) => /\p{L}{2}/u.test(word)).length;
    const figures = html.split("<figure").length - 1;
    const { exercises } = (await import(join(import.meta.dirname, slug, "tasks.ts"))) as {
      readonly exercises: readonly unknown[];
    };
    const estimate =
      words / wordsPerMinute +
      minutesPerFigure * figures +
      minutesPerExercise * exercises.length +
      minutesPerPuzzle * puzzleLinks[slug]!.length;
    expect(Math.abs(minutes! - estimate) / estimate, `estimated ${estimate.toFixed(0)}`).toBeLessThan(
      tolerance,
    );
  },
);

test.each(section.pages.map(({ slug }) => slug))(
  "figures of %s share a program that needs no build plugin",
  async (slug) => {
    const { page } = (await import(join(import.meta.dirname, slug, "page.tsx"))) as {
      readonly page: LivePage;
    };
    await page.prepare?.();
    const program = await page.program!();
    expect(program).toContain("import {");
    if (program.includes('"use ad"')) expect(program).toContain("await compile(`");
  },
);
