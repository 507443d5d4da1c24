import { describe, expect, test } from "vitest";
import type { ChartSpec } from "./chart-spec.ts";
import { chartCsv, chartTable } from "./chart-table.ts";
import { drawChart, layoutChart } from "./chart.ts";
import { writeMarkup } from "./markup.ts";
import { writePicture } from "./picture.ts";

const size = { width: 400, height: 240 };
const spec: ChartSpec = {
  title: "Loss",
  x: { label: "epoch", unit: "integer" },
  y: { label: "loss" },
  series: [
    { name: "training", x: [1, 2, 3], y: [3, Number.NaN, 1] },
    { name: "a, b", x: [1, 2, 3], y: [4, 2, 1.5], draw: "dots" },
  ],
};
const drawn = (one: ChartSpec, view = {}): string =>
  writeMarkup(drawChart(one, size, { hasLegend: false, ...view }));
/** Path data of the element with this class, in pixels of the whole drawing. */
const path = (text: string, kind: string): string =>
  new RegExp(`class="${kind}"[^>]* d="([^"]*)"`).exec(text)?.[1] ?? "";

describe("drawChart", () => {
  test("draws values at the positions of its layout's scales", () => {
    const { box, x, y } = layoutChart(spec, size, { hasLegend: false });
    const [, px, py] = /M([\d.]+),([\d.]+)/.exec(path(drawn(spec), "dots"))!;
    expect(Number(px) - 5).toBeCloseTo(x.at(1) * box.width, 0); // the plot includes 5 pixels around it
    expect(Number(py) - 5).toBeCloseTo((1 - y.at(4)) * box.height, 0);
    expect(x.valueAt(x.at(2))).toBeCloseTo(2, 12);
  });

  test("keeps everything inside the drawing, whatever the numbers are", () => {
    const values = [0, 1e-320, -1e308, 1e308, 1.7e308, Infinity, Number.NaN, 3];
    for (const log of [false, true]) {
      for (const y of [values, [], [0, 0], [-1, -2], [5]]) {
        const text = drawn({
          ...spec,
          y: { label: "y", log },
          series: [{ name: "s", x: y.map((_, i) => i), y }],
        });
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
      }
    }
  });

  test("leaves gaps, marks isolated points, and omits values that a logarithmic axis cannot show", () => {
    expect(path(drawn(spec), "curve")).toMatch(/^M[^ML]+M[^ML]+$/);
    const gap = { name: "s", x: [0, 1, 2, 3], y: [1, 10, 0, 100] };
    const text = drawn({ ...spec, y: { label: "", log: true }, series: [gap] });
    expect(path(text, "curve")).toMatch(/^M[^ML]+L[^ML]+M[^ML]+$/);
  });

  test("marks values beyond the requested range at its edge", () => {
    const far = { name: "s", x: [0, 1, 2, 3], y: [0, 0.5, 40, 0.4] };
    const asked = { ...spec, y: { label: "", domain: [0, 1] as const }, series: [far] };
    expect(path(drawn(asked), "beyond").match(/M/g)).toHaveLength(1);
    expect(drawn(asked, { y: [0, 0.6] })).not.toContain("beyond"); // a range that the reader chose
    expect(drawn({ ...asked, y: { label: "" } })).not.toContain("beyond");
  });

  test("does not draw hidden series, and rescales for the rest", () => {
    const high = { name: "high", x: [1, 2], y: [100, 200] };
    const both = { ...spec, series: [...spec.series, high] };
    const view = { hidden: new Set(["high"]) };
    expect(drawn(both, view)).not.toContain('data-series="2"');
    expect(layoutChart(both, size).y.ends[1]).toBeGreaterThanOrEqual(200);
    expect(layoutChart(both, size, view).y.ends[1]).toBeLessThan(10);
  });

  test("shows the requested range", () => {
    const { x, y } = layoutChart(spec, size, { x: [1.25, 2.5], y: [0, 10], isLogX: true });
    expect(x.ends).toEqual([expect.closeTo(1.25, 12), expect.closeTo(2.5, 12)]);
    expect([x.isLog, y.ends]).toEqual([true, [0, 10]]);
  });

  test("labels each kind of series once, percentages, the first epoch, and marks", () => {
    const twice = {
      ...spec,
      y: { label: "", unit: "percent" as const },
      series: [
        { name: "accuracy", x: [1, 10], y: [0.62, 0.9] },
        { name: "accuracy", x: [1, 10], y: [0.7, 0.8] },
      ],
      marks: [{ x: 4, label: "here" }, { y: 0.8, label: "goal" }], // prettier-ignore
    };
    const text = drawn(twice);
    expect(text).not.toContain('class="key"');
    for (const shown of [">60 %<", ">1<", ">here<", ">goal<"]) expect(text).toContain(shown);
    expect(text.match(/class="run run-0"/g)).toHaveLength(2);
  });

  test("labels of marks do not overlap the name of the vertical axis", () => {
    const heights = [1.1, 2.5].map((x) => {
      const text = drawn({ ...spec, y: { label: "operations" }, marks: [{ x, label: "here" }] });
      const [name, mark] = ["operations", "here"].map((label) =>
        Number(new RegExp(`y="([\\d.]+)"[^>]*>${label}<`).exec(text)?.[1]),
      );
      return name! - mark!;
    });
    expect(heights[0]).toBeGreaterThanOrEqual(10);
    expect(heights[1]).toBeLessThan(10);
  });

  test("draws bands with both ends, steps, and 100,000 points in a short path", () => {
    const x = Array.from({ length: 100_000 }, (_, i) => i);
    const y = x.map((t) => Math.sin(t / 7));
    expect(drawn({ ...spec, series: [{ name: "s", x, y }] }).length).toBeLessThan(60_000);
    const steps = drawn({ ...spec, series: [{ name: "s", x: [0, 1], y: [0, 1], draw: "steps" }] });
    expect(path(steps, "curve")).toMatch(/^M[\d.]+,[\d.]+H[\d.]+V[\d.]+$/);
    const at = [0, 1, 2, 3];
    const band = { name: "b", x: at, y: at, low: [0, 1, Number.NaN, 3], high: [1, 2, 3, 4], draw: "band" as const }; // prettier-ignore
    expect(path(drawn({ ...spec, series: [band] }), "band").match(/Z/g)).toHaveLength(2);
  });

  test("refuses a series whose x and y differ in length", () => {
    const wrong = { ...spec, series: [{ name: "s", x: [1, 2], y: [1] }] };
    expect(() => drawChart(wrong, size)).toThrow('internal: chart "Loss": "s" has 2 values along x and 1');
  });
});

describe("the numbers of a chart", () => {
  test("are one row per x value if the series share their x values", () => {
    expect(chartCsv(spec)).toBe('epoch,training,"a, b"\n1,3,4\n2,,2\n3,1,1.5\n');
    expect(writeMarkup(chartTable(spec))).toContain("<td>1.5</td>");
  });

  test("are one row per point otherwise, so that none is lost", () => {
    const points = {
      ...spec,
      series: [
        { name: "data", x: [2, 2, 1], y: [0.1, 0.2, 0.3], draw: "dots" as const },
        { name: "band", x: [1, 5], y: [1, 2], low: [0, 1], high: [2, 3], draw: "band" as const },
      ],
    };
    expect(chartCsv(points).split("\n")).toEqual([
      "series,epoch,loss,from,to",
      "data,2,0.1,,",
      "data,2,0.2,,",
      "data,1,0.3,,",
      "band,1,,0,2",
      "band,5,,1,3",
      "",
    ]);
  });

  test("are thinned in a table of very many rows, with a caption, but not in the file", () => {
    const x = Array.from({ length: 1000 }, (_, i) => i);
    const long = { ...spec, series: [{ name: "s", x, y: x }] };
    const table = writeMarkup(chartTable(long));
    expect(table.match(/<tr>/g)).toHaveLength(201);
    expect(table).toContain("<caption>One row in 5 of 1,000.</caption>");
    expect(chartCsv(long).split("\n")).toHaveLength(1002);
  });
});

test("writePicture escapes user text and breaks long lines", () => {
  const text = writePicture({
    heading: "<b> & so on",
    notes: ["word ".repeat(100)],
    charts: [{ spec, title: "panel", height: [200, 0] }],
  });
  expect(text).toContain("&lt;b&gt; &amp; so on");
  expect(text.match(/class="note"/g)!.length).toBeGreaterThan(3);
  expect(text).toMatch(/^<svg xmlns/);
});
