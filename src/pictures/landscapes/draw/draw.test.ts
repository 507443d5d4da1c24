import { tensor } from "downhill";
import {
  defineLandscape,
  findLandscape,
  landscape,
  landscapeHtml,
  landscapeSvg,
  landscapeText,
  race,
  type Race,
  type Study,
} from "downhill/landscapes";
import { adam, sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";

const racers = {
  slow: sgd({ learningRate: 0.05 }),
  "fast & <loose>": sgd({ learningRate: 0.3 }),
  wild: sgd({ learningRate: 1.2 }),
};
const onBowl = race(findLandscape("bowl"), racers, { steps: 40 });
const onLine = race(defineLandscape("x^4 - 2*x^2 + x/4"), { gd: sgd({ learningRate: 0.05 }) }, { steps: 20 });
const inSpace = race(
  defineLandscape("x^2 + 2*y^2 + 3*z^2"),
  { gd: sgd({ learningRate: 0.1 }), adam: adam({ learningRate: 0.1 }) },
  { steps: 20 },
);
const onSaddle = race(findLandscape("monkey-saddle"), { gd: sgd({ learningRate: 0.05 }) }, { steps: 500 });
const level = race(defineLandscape("0*x + 0*y"), { gd: sgd() }, { steps: 3 });
const path = [3, 2, 1, 0.5].map((t) => ({ w: tensor([t, t * t]) }));
const slice = landscape((p: { w: ReturnType<typeof tensor> }) => p.w.square().sum(), path.at(-1)!, {
  directions: "pca",
  path,
  resolution: 9,
});
const study: Study = {
  name: "own",
  title: "A study of one's own",
  claim: "Dots & lines < everything.",
  findings: ["It is so."],
  figures: [
    {
      kind: "lines",
      title: "Curves",
      x: { label: "items", log: true },
      y: { label: "loss", log: true },
      series: [
        { name: "measured", x: [1, 10, 100], y: [1, 0.1, 0], style: "dots" },
        { name: "theory", x: [1, 10, 100], y: [1, 0.1, 0.01], style: "dashes" },
      ],
      marks: [{ x: 10, text: "here" }],
    },
    { kind: "table", title: "Numbers", head: ["what", "how many"], rows: [["ones", 12345]] },
  ],
};
const shown: readonly (readonly [string, Race | Study | typeof slice])[] = [
  ["a plane", onBowl],
  ["a line", onLine],
  ["three coordinates", inSpace],
  ["a saddle", onSaddle],
  ["level ground", level],
  ["a slice", slice],
  ["a study", study],
];

/** True if every element is closed, as XML requires. */
function isWellFormed(text: string): boolean {
  const open: string[] = [];
  for (const [, close, tag, selfClosed] of text.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close === "/") {
      if (open.pop() !== tag) return false;
    } else if (selfClosed !== "/") open.push(tag!);
  }
  return open.length === 0;
}

describe.each(shown)("%s", (_, figure) => {
  test("moves in an animated picture only, for viewers who accept motion, and looks the same without it", () => {
    const still = landscapeSvg(figure);
    const animated = landscapeSvg(figure, { animated: true });
    expect(still).not.toContain("animation");
    const added =
      /\n@media screen and \(prefers-reduced-motion:no-preference\)\{\n(?:.+\n)*?\}(?=\n@media|<\/style>)/g;
    expect(animated.replaceAll(added, "")).toBe(still);
    const rules = [...animated.matchAll(added)].join("\n");
    expect(rules.includes("infinite")).toBe(still.includes("data-run"));
    const named = [...rules.matchAll(/animation:([\w-]+) /g)].map(([, name]) => name);
    const defined = [...rules.matchAll(/@keyframes ([\w-]+)\{/g)].map(([, name]) => name);
    expect(new Set(defined).size).toBe(defined.length);
    expect(new Set(named)).toEqual(new Set(defined));
    expect(rules).not.toMatch(/NaN|Infinity/);
    for (const [, frames = ""] of rules.matchAll(/@keyframes [\w-]+\{(.*)\}$/gm)) {
      const at = [...frames.matchAll(/([\d.]+)%/g)].map(([, percent]) => Number(percent));
      expect(at).toEqual(at.toSorted((a, b) => a - b));
      expect(at.every((percent) => percent >= 0 && percent <= 100)).toBe(true);
    }
  });

  test("is drawn as well-formed SVG without NaN", () => {
    const svg = landscapeSvg(figure);
    expect(isWellFormed(svg.replace(/<style>.*?<\/style>/s, ""))).toBe(true);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain("color-scheme:light dark");
  });

  test("is a page that loads nothing and forbids loading", () => {
    const html = landscapeHtml(figure).replaceAll("http://www.w3.org/2000/svg", "");
    const markup = html.replaceAll(/<script>.*?<\/script>/gs, "");
    expect(markup).not.toMatch(/NaN|undefined|Infinity/);
    expect(html).toMatch(/default-src 'none'; script-src( 'sha256-[^']+')+; style-src 'sha256-[^']+'/);
    expect(html).not.toMatch(/https?:|@import|url\((?!#)/);
    expect(markup).not.toContain("src=");
  });

  test("is written for a terminal", () => {
    const text = landscapeText(figure);
    expect(text).not.toMatch(/NaN|undefined/);
    expect(text.split("\n").every((line) => line.length <= 100)).toBe(true);
  });
});

describe("the picture of a race", () => {
  const svg = landscapeSvg(onBowl);

  test("marks the start, the minimum and diverged runs, and names every run", () => {
    expect(svg).toContain(">start</text>");
    expect(svg).toContain("<title>minimum</title>");
    expect(svg.match(/class="head is-lost /g)).toHaveLength(1);
    expect(svg).toContain("<title>wild: diverged</title>");
    expect(svg).toContain("diverged at");
    expect(svg).toContain("fast &amp; &lt;loose&gt;");
    expect(svg).toContain("× diverged");
  });

  test("draws each run with a distinct colour and marker", () => {
    const markers = [...svg.matchAll(/class="head[^"]*run-(\d)".*?class="marker" d="([^"]+)"/g)];
    expect(markers.map(([, i]) => i)).toEqual(["0", "1", "2"]);
    expect(new Set(markers.map(([, , d]) => d)).size).toBe(3);
  });

  test("has the trail where the points are", () => {
    const [first] = [...svg.matchAll(/class="trail" d="M([\d.]+),([\d.]+)L/g)];
    // The start (−3, 2) of the domain [−4, 4] × [−3, 3], in a map of 524 × 432 at (58, 24).
    expect(Number(first![1])).toBeCloseTo(58 + (1 / 8) * 524, 0);
    expect(Number(first![2])).toBeCloseTo(24 + (1 / 6) * 432, 0);
  });
});

test("the star marks minima, never the end of training", () => {
  expect(landscapeSvg(slice)).not.toMatch(/class="goal"|★/);
  expect(landscapeSvg(slice)).toContain(">end</text>");
  expect(landscapeText(slice)).not.toContain("★");
  expect(landscapeText(slice)).toMatch(/[│┤].*E/);
});

describe("the text of a race", () => {
  test("has the table of steps", () => {
    const text = landscapeText(onBowl, { columns: 90 });
    const fast = text.split("\n").find((line) => line.startsWith("b "))!;
    expect(
      fast
        .trim()
        .split(/\s{2,}/)
        .slice(-3),
    ).toEqual(onBowl.runs[1]!.stepsTo.map(String));
    expect(text).toContain("★");
  });

  test("is styled by role", () => {
    const roles = new Set<unknown>();
    landscapeText(onBowl, { paint: (role, text) => (roles.add(role), text) });
    expect([...roles].map(String).toSorted()).toEqual(["0", "1", "2", "head", "soft"]);
  });

  test("rejects an unknown option", () => {
    expect(() => landscapeText(onBowl, { column: 80 } as object)).toThrow('Did you mean "columns"?');
  });
});

test("the lowest contours of a narrow valley do not break into beads", () => {
  const svg = landscapeSvg(
    race(findLandscape("rosenbrock"), { gd: sgd({ learningRate: 1e-3 }) }, { steps: 3 }),
  );
  const rings = [...svg.matchAll(/<path class="level"[^>]* d="([^"]*)"/g)].map(
    ([, d]) => d!.split("M").length - 1,
  );
  // One ring around the valley in the frame, or two if the valley leaves the frame.
  expect(rings).toHaveLength(14);
  expect(Math.max(...rings)).toBeLessThanOrEqual(3); // 5 on a grid of 150 points
});

test("a marker moves along its trail, and stops where the run leaves the drawing", () => {
  const svg = landscapeSvg(onSaddle, { animated: true });
  const head = /class="head[^"]*" data-run="0" transform="translate\((\S+) (\S+)\)"/.exec(svg)!;
  const frames = /@keyframes f0-0-move\{(.*)\}/.exec(svg)![1]!;
  expect(frames.endsWith(`to{transform:translate(${head[1]}px,${head[2]}px)}`)).toBe(true);
  const box = /<clipPath id="f0-map-clip"><rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/.exec(svg)!;
  const [x, y, width, height] = box.slice(1).map(Number) as [number, number, number, number];
  for (const [, left, top] of frames.matchAll(/translate\((\S+?)px,(\S+?)px\)/g)) {
    expect(Number(left)).toBeGreaterThanOrEqual(x - 0.1);
    expect(Number(left)).toBeLessThanOrEqual(x + width + 0.1);
    expect(Number(top)).toBeGreaterThanOrEqual(y - 0.1);
    expect(Number(top)).toBeLessThanOrEqual(y + height + 0.1);
  }
});

test("an unknown option of a picture is refused", () => {
  expect(() => landscapeSvg(onBowl, { animate: true } as object)).toThrow(/landscapeSvg.*animate/);
  expect(() => landscapeSvg(onBowl, { animated: 1 as unknown as boolean })).toThrow(/animated/);
});
