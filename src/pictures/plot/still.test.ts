import { describe, expect, test } from "vitest";
import { moving } from "../../../test/support/moving-square.ts";
import { element, type Markup } from "./markup.ts";
import { framesOf, styledPicture } from "./still.ts";
import { declarationsFor, parseStyleSheet } from "./style-sheet.ts";

describe("the cascade", () => {
  const styleOf = (css: string, ...path: Markup[]): Readonly<Record<string, string>> =>
    Object.fromEntries(declarationsFor(parseStyleSheet(css, false), path.at(-1)!, path.slice(0, -1)));
  const svg = element("svg", { class: "chart" });
  const lost = element("g", { class: "head is-lost", "data-run": 1 });
  const mark = element("path", { class: "marker" });

  test.each([
    ["a class counts more than a tag", ".marker{fill:red}path{fill:blue}", "red"],
    ["the later of two equal rules counts", ".marker{fill:red}.marker{fill:blue}", "blue"],
    ["ancestors need not be parents", ".chart .marker{fill:red}", "red"],
    ["ancestors have an order", ".marker{fill:blue}.head .chart .marker{fill:red}", "blue"],
    [":is counts like its strongest selector", ":is(path,.marker){fill:red}.marker{fill:blue}", "blue"],
    [":not refuses", ".marker{fill:blue}.head:not(.is-lost) .marker{fill:red}", "blue"],
    [":root is the outermost element", ":root .marker{fill:red}", "red"],
    ["attributes have values", '[data-run="2"] .marker{fill:blue}[data-run="1"] .marker{fill:red}', "red"],
    ["lists are alternatives", ".text,.marker{fill:red}", "red"],
  ])("%s", (_, css, fill) => {
    expect(styleOf(css, svg, lost, mark)["fill"]).toBe(fill);
  });

  test("syntax that rasterisers do not get is refused, because it would be lost", () => {
    for (const css of [
      "a>b{fill:red}",
      "@import x{}",
      "a:hover{fill:red}",
      "@media print{a{fill:red}}",
      "a{fill:red",
    ])
      expect(() => parseStyleSheet(css, true), css).toThrow("only browsers understand");
  });
});

describe("stills", () => {
  test("colours are those of the scheme, and custom properties are inherited", () => {
    const { still, duration } = styledPicture(moving);
    expect(duration).toBe(2);
    expect(still({ scheme: "light" })).toContain('<rect width="40" height="20" fill="#00f"/>');
    expect(still({ scheme: "dark" })).toContain('<rect width="40" height="20" fill="#0ff"/>');
    expect(still({ scheme: "dark" })).not.toMatch(/var\(|light-dark|class=|<style|<title/);
  });

  test.each([
    [0, 0, "#00f"],
    [0.4, 16, "#00f"],
    [0.5, 20, "#f00"],
    [1.9, 40, "#f00"],
    [2.4, 16, "#00f"],
  ])("after %s s the animations have their values", (time, x, fill) => {
    const drawn = styledPicture(moving).still({ scheme: "light", time });
    expect(drawn).toContain(`transform="translate(${x})"`);
    expect(drawn).toContain(`height="20" fill="${fill}"/></g>`);
  });
});

test("frames have the duration of the animation, and equal ones in a row are one frame", () => {
  const delays = framesOf(moving).map(({ delay }) => delay);
  expect(delays).toEqual([...Array.from({ length: 9 }, () => 120), 920]);
  expect(framesOf(element("svg", { width: 1, height: 1 }))).toEqual([
    { svg: '<svg width="1" height="1"/>', delay: 120 },
  ]);
});
