import { readFileSync } from "node:fs";
import fc from "fast-check";
import { decodeFrames } from "modern-gif";
import { describe, expect, test } from "vitest";
import { element, type Markup, writeMarkup } from "../../../pictures/plot/markup.ts";
import { writePicture } from "../../../pictures/plot/picture.ts";
import { toGif, toPng } from "./bitmap.ts";
import { pictureFormatter } from "./formatter.ts";
import { checkPackages } from "./packages.ts";
import { readPicture } from "./still.ts";
import { declarationsFor, parseStyleSheet } from "./style-sheet.ts";
import { readMarkup } from "./xml.ts";

/** A square that moves from the left to the right in a second, rests there for another, and turns red in between. */
const moving = `${writeMarkup(
  element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: 80, height: 40, viewBox: "0 0 80 40" },
    element("title", {}, "a moving square"),
    element(
      "style",
      {},
      `:root{color-scheme:light dark;--paper:light-dark(#fff,#000);--run-0:light-dark(#00f,#0ff)}
.paper{fill:var(--paper)}
.run-0{--run:var(--run-0)}
.box{fill:var(--run)}
@media screen and (prefers-reduced-motion:no-preference){
@keyframes go{from{transform:translateX(0px)}50%,to{transform:translateX(40px)}}
@keyframes turn{from{fill:#00f}25%,to{fill:#f00}}
.box{animation:go 2s linear infinite}
.edge{animation:turn 2s step-end infinite}
}`,
    ),
    element("rect", { class: "paper", width: 80, height: 40 }),
    element(
      "g",
      { class: "run-0" },
      element("rect", { class: "box", width: 40, height: 20 }),
      element("rect", { class: "edge", y: 20, width: 10, height: 20, fill: "#00f" }),
    ),
  ),
)}\n`;

describe("reading a picture", () => {
  test("returns the elements that were written", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "<", ">", "&", '"', "'", " ", "é") });
    const attributes = fc.dictionary(fc.constantFrom("class", "data-run", "x"), text, {
      noNullPrototype: true,
    });
    const { tree } = fc.letrec<{ tree: Markup }>((tie) => ({
      tree: fc
        .tuple(
          fc.constantFrom("g", "path", "text"),
          attributes,
          fc.oneof(
            { maxDepth: 3 },
            fc.constant([]),
            fc.tuple(text.filter((one) => one.trim() !== "")),
            fc.array(tie("tree")),
          ),
        )
        .map(([tag, given, children]) => element(tag, given, ...children)),
    }));
    fc.assert(
      fc.property(tree, (one) => {
        expect(readMarkup(writeMarkup(one))).toEqual(one);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test("refuses XML that would be misread", () => {
    for (const xml of ["<g><!-- --></g>", "<g>", "<g></p>", "<g/><g/>", "<g>&nbsp;</g>", "text"])
      expect(() => readMarkup(xml), xml).toThrow("internal:");
  });
});

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
    const { still, duration } = readPicture(moving);
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
    const drawn = readPicture(moving).still({ scheme: "light", time });
    expect(drawn).toContain(`transform="translate(${x})"`);
    expect(drawn).toContain(`height="20" fill="${fill}"/></g>`);
  });
});

/** The pixels of a PNG of 8-bit RGBA without filters other than 0 to 4, as resvg writes it. */
function sizeOfPng(bytes: Uint8Array): readonly [width: number, height: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return [view.getUint32(16), view.getUint32(20)];
}

test("a PNG has two pixels per unit and draws the text of the picture", async () => {
  const series = [{ name: "falling", x: [0, 1, 2], y: [3, 2, 1] }];
  const draw = (label: string): Promise<Uint8Array> =>
    toPng(
      writePicture(
        {
          heading: "",
          charts: [{ spec: { title: "t", x: { label }, y: { label: "" }, series }, height: [100, 0] }],
        },
        240,
      ),
    );
  const [labelled, plain] = [await draw("steps of the run"), await draw("")];
  const height = Number(/height="(\d+)"/.exec(writePicture({ heading: "", charts: [] }, 240))![1]) + 112;
  expect(sizeOfPng(labelled)).toEqual([480, 2 * height]);
  expect(Buffer.compare(labelled, plain)).not.toBe(0);
});

test("a GIF moves as the picture does", async () => {
  const gif = await toGif(moving);
  const frames = decodeFrames(gif.slice().buffer);
  const [width, height] = [60, 30]; // three quarters
  expect(frames.map((frame) => [frame.width, frame.height])).toEqual(frames.map(() => [width, height]));
  expect(frames.reduce((sum, { delay }) => sum + delay, 0)).toBe(2000);
  expect(frames.length).toBe(10); // one every 0.12 s, and one for the rest
  const isBlue = (data: Uint8ClampedArray, x: number, y: number): boolean => {
    const [r, , b] = data.subarray(4 * (y * width + x));
    return b! > 200 && r! < 60;
  };
  const [first, last] = [frames[0]!.data, frames.at(-1)!.data];
  expect([isBlue(first, 5, 5), isBlue(first, 50, 5)]).toEqual([true, false]);
  expect([isBlue(last, 5, 5), isBlue(last, 50, 5)]).toEqual([false, true]);
});

describe("missing packages", () => {
  const formats = { picture: () => moving, page: () => "" };
  const none = (name: string): Promise<unknown> => Promise.reject(new Error(`no ${name}`));

  test("are named before any work, with the command that installs them", async () => {
    await expect(checkPackages("--out", "a.gif", none)).rejects.toThrow(
      "--out a.gif: gif files need @resvg/resvg-js and modern-gif, which are not installed. Write npm install @resvg/resvg-js modern-gif, or choose the extension .svg.",
    );
    await expect(checkPackages("--out", "a.PNG", none)).rejects.toThrow(
      "--out a.PNG: png files need @resvg/resvg-js, which is not installed. Write npm install @resvg/resvg-js, or choose",
    );
    await expect(checkPackages("--out", "a.svg", none)).resolves.toBeUndefined();
  });

  test("are optional peers with the versions that are tested", () => {
    const manifest = JSON.parse(
      readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"),
    ) as Record<string, Record<string, string | { optional: boolean }>>;
    for (const name of ["@resvg/resvg-js", "modern-gif"]) {
      expect(manifest["peerDependencies"]![name]).toBe(`^${manifest["devDependencies"]![name] as string}`);
      expect(manifest["peerDependenciesMeta"]![name]).toEqual({ optional: true });
    }
  });

  test("only a result that moves has a GIF", async () => {
    await expect(pictureFormatter("--out", "a.gif", formats)).rejects.toThrow(
      "must end in .html, .svg or .png,",
    );
    const format = await pictureFormatter("--out", "a.gif", { ...formats, animation: () => moving });
    expect(typeof format).toBe("function");
  });
});
