import { beforeAll, describe, expect, test } from "vitest";
import { elaborate } from "../../../numeric/plain/elaborate/elaborate.ts";
import type { PlainForm } from "../../../numeric/plain/form/form.ts";
import type { Parse } from "../../../numeric/plain/syntax/module.ts";
import { parseModule } from "../../../numeric/plain/syntax/module.ts";
import { loadParser } from "../../../numeric/plain/syntax/parser.ts";
import { loopsOf } from "../groups.ts";
import type { PageData } from "../page-data.ts";
import { plainPageData } from "./page-data.ts";
import { tracePlain } from "./trace.ts";

let parse: Parse;
let loss: PlainForm;
beforeAll(async () => {
  parse = await loadParser();
  loss = elaborate(
    parseModule(
      `function loss(w: number[], xs: Float64Array, ys: Float64Array) {
  "use ad";
  let s = 0;
  for (let i = 0; i < ys.length; i++) {
    const r = w[0]! * xs[i]! + w[1]! - ys[i]!;
    if (r > 0) s += r * r;
    else s -= r;
  }
  return s;
}`,
      { parse, file: "loss.ts" },
    ),
  );
});
const args = (n: number): unknown[] => [
  [2, -1],
  Float64Array.from({ length: n }, (_, i) => i + 1),
  Float64Array.from({ length: n }, (_, i) => (i % 3) * 2),
];
const pageOf = (n: number, iteration = new Map<string, number>()): PageData =>
  plainPageData(loss, args(n), "loss", iteration);

describe("the page of a plain function", () => {
  test("has the statements of all iterations, grouped by loop", () => {
    const { lines, groups = [], title, inputCount } = pageOf(3);
    expect(title).toBe("loss = 3");
    expect(inputCount).toBe(8);
    expect(lines.slice(inputCount).map(({ left, right, value }) => `${left} = ${right} = ${value}`)).toEqual([
      "s = 0 = 0",
      "r = w[0] * xs[i] + w[1] - ys[i] = 1",
      "s = s + r * r = 1",
      "r = w[0] * xs[i] + w[1] - ys[i] = 1",
      "s = s + r * r = 2",
      "r = w[0] * xs[i] + w[1] - ys[i] = 1",
      "s = s + r * r = 3",
    ]);
    expect(loopsOf(groups)).toEqual([{ loop: "i", label: "i", values: [0, 1, 2] }]);
  });

  test("the products of local derivatives over all paths of its graph, and the adjoints, equal the gradient", () => {
    const { graph, gradient, reverse, lines, inputCount } = pageOf(5);
    const trace = tracePlain(loss, args(5));
    const exact = trace.inputs.map(({ derivative }) => derivative);
    expect(gradient.map(({ value }) => Number(value))).toEqual(exact);
    const adjoints = graph.nodes.map(({ isOutput }) => (isOutput ? 1 : 0));
    for (const to of graph.nodes.map(({ id }) => id).toReversed())
      graph.edges.forEach(([from, end], i) => {
        if (end === to) adjoints[from]! += adjoints[to]! * Number(graph.locals[i]);
      });
    expect(adjoints.slice(0, inputCount)).toEqual(exact);
    const sums = lines.map(() => 0);
    for (const { kind, node, value } of reverse)
      if (kind === "contribution" || kind === "seed") sums[node]! += Number(value);
    expect(sums.slice(0, inputCount)).toEqual(exact);
  });

  test("forward passes agree with the gradient", () => {
    const { passes, lines, gradient } = pageOf(4);
    passes.forEach(({ values }, i) => expect(values[lines.length - 1]).toBe(gradient[i]!.value));
  });

  test("a run that is too long shows the requested iteration, with derivatives of the whole run", () => {
    const { lines, inputCount, gradient, reverse } = pageOf(3000, new Map([["i", 1234]]));
    expect(lines.slice(inputCount).map(({ left }) => left)).toEqual(["s", "r", "s"]);
    const exact = tracePlain(loss, args(3000)).inputs[0]!.derivative;
    expect(Number(gradient[0]!.value) / exact).toBeCloseTo(1, 5); // shown with six digits
    expect(reverse.find(({ kind, left }) => kind === "sum" && left.endsWith("w[0]"))!.right).toBe(
      "the sum of 3000 terms",
    );
  });

  test("marks the lines whose values compiled code saves, and reports their total", () => {
    const form = elaborate(
      parseModule(
        `function f(x: number): number {
  "use ad";
  let y = x;
  for (let i = 0; i < 3; i++) y = Math.sin(y) * y;
  return y;
}`,
        { parse, file: "f.ts" },
      ),
    );
    const { lines, check } = plainPageData(form, [1.5], "f", new Map());
    expect(lines.map(({ stored }) => stored)).toEqual([
      [],
      [],
      ...lines.slice(2).map(() => ["y, sin, a factor: 24 B"]),
    ]);
    expect(check).toEqual({
      verdict: "unknown",
      text: "The compiled gradient saves 72 B for the backward pass.",
    });
    expect(pageOf(3).check!.text).toBe("The compiled gradient saves nothing for the backward pass.");
  });
});
