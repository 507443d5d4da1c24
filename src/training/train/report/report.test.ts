import { describe, expect, test } from "vitest";
import { bitmap } from "./images.ts";
import type { Mark } from "./figures.ts";
import { rateDrops } from "./rate-drops.ts";
import { trainingReport } from "./report.ts";

const hostile = `</style><script>alert("1")</script>&'\u0000`;
const safe = "&lt;/style&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\ufffd";

describe("trainingReport", () => {
  test("escapes every text it is given", () => {
    const page = trainingReport({
      title: hostile,
      subtitle: hostile,
      results: [{ name: hostile, value: hostile, note: hostile }],
      notes: [hostile],
      figures: [
        { kind: "lines", title: hostile, caption: hostile, series: [{ name: hostile, values: [1, 2] }, { name: hostile, values: [2, 3] }] }, // prettier-ignore
        { kind: "confusion", title: hostile, classes: [hostile, "b"], counts: [[1, 0], [1, 1]] }, // prettier-ignore
        { kind: "images", title: hostile, width: 1, height: 1, images: [{ pixels: [1], label: hostile, description: hostile }] }, // prettier-ignore
        { kind: "scatter", title: hostile, xLabel: hostile, yLabel: hostile, points: [[1, 2]] },
        { kind: "table", title: hostile, head: [hostile], rows: [[hostile]] },
      ],
      settings: [[hostile, hostile]],
      command: hostile,
      provenance: hostile,
    });
    expect(page.match(/<script/g)).toHaveLength(1); // that of the charts
    expect(page.split(safe).length - 1).toBeGreaterThanOrEqual(24);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
  });

  test("inserts drawings unchanged, and needs no external resources", () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>';
    const page = trainingReport({
      title: "t",
      results: [],
      figures: [{ kind: "drawing", title: "d", svg }],
      settings: [],
    });
    expect(page).toContain(svg);
    const text = page.replace(svg, "").replaceAll(/<script>.*?<\/script>/gs, "");
    expect(text).not.toMatch(/https?:|src=(?!"data:)|href/);
  });

  test("closes elements that HTML does not close implicitly, even empty ones", () => {
    const page = trainingReport({
      title: "t",
      results: [],
      figures: [
        { kind: "images", title: "i", width: 1, height: 1, images: [] },
        { kind: "table", title: "t", head: [], rows: [] },
        { kind: "lines", title: "l", series: [] },
      ],
      settings: [],
    });
    expect(page).not.toMatch(/<(?:div|dl|table|tbody|tr|td|section|main|ul|p)\b[^>]*\/>/);
  });

  test("leaves a gap for a missing value, and draws a single epoch", () => {
    const path = (values: number[]): string =>
      /data-series="0"><path class="curve" d="([^"]*)"/.exec(
        trainingReport({
          title: "t",
          results: [],
          settings: [],
          figures: [{ kind: "lines", title: "l", series: [{ name: "s", values }] }],
        }),
      )![1]!;
    expect(path([1, Number.NaN, 2, 3]).match(/[ML]/g)).toEqual(["M", "M", "L"]);
    expect(path([1, Infinity]).match(/[ML]/g)).toEqual(["M"]);
    expect(path([5])).toMatch(/^M[\d.]+,[\d.]+$/);
    expect(path([])).toBe("");
  });
});

describe("marks on curves", () => {
  const page = (marks: readonly Mark[], epochs = 20): string =>
    trainingReport({
      title: "t",
      results: [],
      settings: [],
      figures: [
        {
          kind: "lines",
          title: "Loss",
          series: [{ name: "s", values: Array.from({ length: epochs }, (_, i) => 1 / (i + 1)) }],
          marks,
        },
      ],
    });
  const labels = (text: string): string[] =>
    [...text.matchAll(/<text class="label strong"[^>]*>(rate [^<]*)</g)].map((match) => match[1]!);

  test("are vertical lines, each with a title, and with labels that do not overlap", () => {
    const marks = [2.5, 3.5, 12.5, 19.5].map((epoch) => ({ epoch, label: `rate ${epoch}` }));
    const text = page(marks).split('<div class="at-520">')[1]!;
    expect(text.match(/<line class="mark"/g)).toHaveLength(4);
    expect(text).toContain("<title>rate 3.5</title>");
    // the second label is in its own row
    expect(labels(text)).toEqual(["rate 2.5", "rate 3.5", "rate 12.5", "rate 19.5"]);
    // the last one is written to the left of its line, inside the drawing
    expect(text).toMatch(/text-anchor="end">rate 19\.5</);
    expect(page([])).not.toContain('<line class="mark"');
  });

  test("are the epochs at which the rate fell, if it fell only at some", () => {
    const of = (rates: readonly (number | undefined)[]): Mark[] =>
      rateDrops(rates.map((learningRate) => ({ learningRate })));
    expect(of([0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])).toEqual([
      { epoch: 3.5, label: "rate 0.01" },
      { epoch: 5.5, label: "rate 0.001" },
    ]);
    expect(of([0.1, 0.2, 0.2, 0.2])).toEqual([]); // it rose
    expect(of([1, 0.5, 0.25, 0.125])).toEqual([]); // it falls all the time
    expect(of([undefined, undefined])).toEqual([]);
    expect(of([])).toEqual([]);
  });
});

test("images show the weight of each pixel next to them: white for 0, orange and blue for either sign", () => {
  const page = trainingReport({
    title: "t",
    results: [],
    settings: [],
    figures: [
      {
        kind: "images",
        title: "i",
        width: 3,
        height: 1,
        images: [
          { pixels: [0, 1, 0], weights: [0, 2, -2], label: "1 → 7", note: "93 %", description: "an image" },
        ],
      },
    ],
  });
  const [, weights] = [...page.matchAll(/base64,([^"]+)"/g)].map(([, text]) =>
    Uint8Array.from(atob(text!), (c) => c.charCodeAt(0)),
  );
  expect(Array.from(weights!.subarray(54, 63))).toEqual([255, 255, 255, 0, 56, 149, 174, 80, 5]);
  expect(page).toContain("<small>93 %</small>");
  expect(page).toContain('<div data-share="i">'); // for the script of the page
});

test("bitmap writes a Windows bitmap, the lowest row first, ink dark", () => {
  const bytes = Uint8Array.from(atob(bitmap([0, 1, 0.5, 2], 2, 2).split(",")[1]!), (c) => c.charCodeAt(0));
  expect(String.fromCharCode(bytes[0]!, bytes[1]!)).toBe("BM");
  expect(bytes.length).toBe(54 + 2 * 8); // two rows of two pixels of three bytes, padded to eight bytes
  expect(Array.from(bytes.subarray(54))).toEqual([
    128, 128, 128, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0,
  ]);
});

describe("a confusion matrix of many classes", () => {
  const n = 60;
  const classes = Array.from({ length: n }, (_, i) => `c${i + 1}`);
  const counts = classes.map((_, i) => classes.map((__, k) => (i === k ? 9 : k === (i + 1) % n ? 1 : 0)));
  const page = trainingReport({
    title: "t",
    results: [],
    figures: [
      { kind: "confusion", title: "Confusion", caption: "Rows are what an item is.", classes, counts },
      { kind: "table", title: "Classes", head: ["class", "recall"], rows: [["c1", "97.8 %"]] },
    ],
    settings: [],
  });

  // With more than 30 classes, the list of pairs used to appear below the caption of a matrix.
  test("is a map with one cell per pair that occurs, and the list of pairs has its own caption", () => {
    const map = /<svg class="confusion-map"[^]*?<\/svg>/.exec(page)![0];
    expect(map.match(/<rect class="right"/g)).toHaveLength(n);
    expect(map.match(/<rect class="wrong"/g)).toHaveLength(n);
    expect(map).toContain("<title>1 of 10 of class c9 were predicted as c10</title>");
    expect(page).toContain("The 20 most frequent of 60 confused pairs.");
  });

  // in one of two columns, the map was cut off
  test("has the whole width of the page, next to the list of pairs", () => {
    expect(page).toMatch(/<section class="wide"><h2>Confusion<\/h2>[^]*?<div class="map-and-pairs">/);
  });

  test("has percentages on one line", () => {
    expect(page).toContain('<td class="quantity">97.8 %</td>');
    expect(page).toContain("<td>c1</td>");
  });
});

// `--hidden` was split into `-` and `-hidden` at the end of a line
test("lines of a command do not break inside an option", () => {
  const page = trainingReport({
    title: "t",
    results: [],
    figures: [],
    settings: [],
    command: "downhill train a--b --hidden 32 --seed 0",
  });
  expect(page).toContain(
    '<pre>downhill train a--b <span class="whole">--hidden</span> 32 <span class="whole">--seed</span> 0</pre>',
  );
  expect(page).toContain(".whole{white-space:nowrap}");
});

// 100,000 steps are reduced to fewer points
test("a long curve keeps its minimum and maximum", () => {
  const values = Array.from({ length: 100_000 }, (_, i) =>
    i === 54_321 ? 9 : i === 65_432 ? -7 : Math.sin(i),
  );
  const page = trainingReport({
    title: "t",
    results: [],
    figures: [{ kind: "lines", title: "Loss", series: [{ name: "batch", values }] }],
    settings: [],
  });
  const { spec } = JSON.parse(/data-chart="([^"]*)"/.exec(page)![1]!.replaceAll("&quot;", '"')) as {
    readonly spec: { readonly series: readonly { readonly x: number[]; readonly y: number[] }[] };
  };
  const [{ x, y }] = spec.series as [{ x: number[]; y: number[] }];
  expect(x.length).toBeGreaterThan(1000);
  expect(x.length).toBeLessThanOrEqual(4000);
  expect([x[y.indexOf(9)], x[y.indexOf(-7)]]).toEqual([54_322, 65_433]);
});
