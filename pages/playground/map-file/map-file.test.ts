import { grad, type Tensor } from "downhill";
import { expect, test } from "vitest";
import type { Question } from "../question.ts";
import { pageOf } from "../own-page.ts";
import { downhillFrom } from "./page/downhill-line.ts";

const question: Question = {
  text: "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
  typed: {},
  view: "plot",
  along: ["x", "y"],
  ranges: {},
  optimizers: "",
  steps: 1,
  language: "javascript",
  data: "",
  target: "",
};

/** The function in the code of a page. */
async function codeIn(page: string): Promise<typeof globalThis.evaluateAt> {
  const [, code] = /<script nonce="[^"]+">([\s\S]*?)<\/script>/.exec(page)!;
  const module = code!.replace("globalThis.evaluateAt=", "export default ");
  const loaded = (await import(`data:text/javascript,${encodeURIComponent(module)}`)) as {
    readonly default: typeof globalThis.evaluateAt;
  };
  return loaded.default;
}

test("the page of a map contains the program as code, with its gradient", async () => {
  const evaluateAt = await codeIn(await pageOf(question, "<svg></svg>"));
  const himmelblau = (x: Tensor, y: Tensor): Tensor =>
    x
      .mul(x)
      .add(y)
      .sub(11)
      .square()
      .add(x.add(y.mul(y)).sub(7).square());
  for (const [x, y] of [
    [1, 2],
    [-3, 0.5],
  ] as const) {
    const [value, gradient] = evaluateAt([x, y]);
    expect(value).toBeCloseTo((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2, 10);
    const expected = grad(himmelblau, { argnums: [0, 1] })(x, y) as unknown as readonly Tensor[];
    expected.forEach((slope, i) => expect(gradient[i]).toBeCloseTo(slope.item(), 10));
  }
});

test("for a TypeScript function it varies the numbers of the map, and fixes the others", async () => {
  const text = `function f(w: number[], k: number): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < w.length; i++) s += k * w[i]! * w[i]!;
  return s;
}`;
  const asked = { ...question, text, typed: { w: "[1, 2, 3]", k: "5" }, along: ["w[1]", "k"] };
  const evaluateAt = await codeIn(await pageOf(asked, "<svg></svg>"));
  const [value, gradient] = evaluateAt([-2, 0.5]);
  expect(value).toBeCloseTo(0.5 * (1 + 4 + 9), 12);
  expect(gradient[0]).toBeCloseTo(2 * 0.5 * -2, 12);
  expect(gradient[1]).toBeCloseTo(14, 12);
});

test("the line downhill falls at every step, and ends where the gradient is 0", () => {
  const { points } = downhillFrom(
    ([x, y]) => ({ value: x ** 2 + 10 * (y - 1) ** 2, gradient: [2 * x, 20 * (y - 1)] }),
    [3, -1],
  );
  const values = points.map(([x, y]) => x ** 2 + 10 * (y - 1) ** 2);
  values.slice(1).forEach((value, i) => expect(value).toBeLessThan(values[i]!));
  expect(Math.hypot(points.at(-1)![0], points.at(-1)![1] - 1)).toBeLessThan(1e-8);
  const still = downhillFrom(() => ({ value: Number.NaN, gradient: [1, 1] }), [0, 0]);
  expect(still.points).toEqual([[0, 0]]);
});
