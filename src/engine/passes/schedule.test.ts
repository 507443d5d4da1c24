import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { add, exp, grad, jit, makeProgram, matmul, mul, sin, sum, tanh, tensor } from "downhill";
import { adam } from "downhill/optim";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";
import { schedule } from "./schedule.ts";

const loops = (program: Program): number =>
  printRoutine(lowerProgram(program).routine)
    .split("\n")
    .filter((line) => line.startsWith("  for ")).length;

describe("schedule", () => {
  test("brings elementwise equations of one shape together, before and after", () => {
    const f = (x: Tensor, y: Tensor): Tensor[] => {
      const a = sin(x);
      const b = exp(y);
      return [mul(a, 2), mul(b, 3)];
    };
    const program = makeProgram(f)([1, 2], [1, 2, 3]);
    const after = schedule(program);
    checkProgram(after);
    expect(`${printProgram(program)}\n=>\n${printProgram(after)}`).toMatchInlineSnapshot(`
      "f(x:f64[2], y:f64[3]) {
        a:f64[2] = sin x
        b:f64[3] = exp y
        c:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        d:f64[2] = broadcast[shape=[2] axes=[]] c
        e:f64[2] = mul a d
        f:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
        g:f64[3] = broadcast[shape=[3] axes=[]] f
        h:f64[3] = mul b g
        return e, h
      }
      =>
      f(x:f64[2], y:f64[3]) {
        a:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        b:f64[2] = broadcast[shape=[2] axes=[]] a
        c:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
        d:f64[3] = broadcast[shape=[3] axes=[]] c
        e:f64[2] = sin x
        f:f64[2] = mul e b
        g:f64[3] = exp y
        h:f64[3] = mul g d
        return f, h
      }"
    `);
    expect(loops(program)).toBe(4);
    expect(loops(after)).toBe(2);
  });

  test("makes one loop a parameter of a step of Adam", () => {
    const [w, b] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([1, 2]),
    ];
    const rule = adam({ learningRate: 0.1 });
    const params = { w, b };
    const step = (p: typeof params, s: ReturnType<typeof rule.init>, g: typeof params) => {
      const { updates, state } = rule.update(g, s, p);
      return [add(p.w, updates.w), add(p.b, updates.b), state] as const;
    };
    const program = optimize(makeProgram(step as never)(params, rule.init(params) as never, params));
    expect(loops(program)).toBe(2);
  });

  test("does not put an equation into a loop that reads other places of what the loop computes", () => {
    const f = jit((x: Tensor) => tanh(x.transpose()).add(x).transpose().mul(tanh(x)));
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const [t, u] = [Math.tanh, (i: number, j: number): number => x.at(i).at(j).item()];
    const expected = [0, 1].map((i) => [0, 1].map((j) => (t(u(i, j)) + u(j, i)) * t(u(i, j))));
    (f(x).tolist() as number[][]).forEach((row, i) =>
      row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 12)),
    );
  });

  test("keeps programs valid and in an order that they have from one run to the next", () => {
    const loss = (w: Tensor, x: Tensor): Tensor => sum(tanh(matmul(tanh(matmul(x, w)), w)));
    const program = optimize(
      makeProgram(grad(loss))(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      ),
    );
    checkProgram(program);
    expect(printProgram(schedule(program))).toBe(printProgram(program));
  });
});

test("a queue of numbers gives the smallest first", () => {
  const queue = makeNumberQueue();
  const numbers = Array.from({ length: 200 }, (_, i) => (i * 7919) % 211);
  numbers.forEach(queue.push);
  const sorted = numbers.toSorted((a, b) => a - b);
  expect(queue.peek()).toBe(sorted[0]);
  expect(numbers.map(() => queue.pop())).toEqual(sorted);
  expect(queue.pop()).toBeUndefined();
});
