import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  exp,
  grad,
  jit,
  makeProgram,
  matmul,
  mul,
  reshape,
  scan,
  sin,
  sum,
  tanh,
  tensor,
} from "downhill";
import { adam } from "downhill/optim";
import type { Program } from "../ir/program.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import { fuse } from "./fuse.ts";
import { optimize } from "./pipeline.ts";
import { printFused } from "./print-stages.ts";

/** Number of equations in each element loop of a program. */
const loops = (program: Program): number[] =>
  fuse(program).steps.flatMap((step) => (step.kind === "loop" ? [step.members.length] : []));

describe("fuse", () => {
  test("puts elementwise equations of one shape into one loop, wherever they are", () => {
    const f = (x: Tensor, y: Tensor): Tensor[] => {
      const a = sin(x);
      const b = exp(y);
      return [mul(a, 2), mul(b, 3)];
    };
    expect(printFused(fuse(makeProgram(f)([1, 2], [1, 2, 3])))).toMatchInlineSnapshot(`
      "f(x:f64[2], y:f64[3]) {
        where it is read: d:f64[2] = broadcast[shape=[2] axes=[]] c
        where it is read: g:f64[3] = broadcast[shape=[3] axes=[]] f
        0  c:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        1  f:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
        2  loop over [2]:
             a:f64[2] = sin x
             e:f64[2] = mul a d
        3  loop over [3]:
             b:f64[3] = exp y
             h:f64[3] = mul b g
        return e, h
      }"
    `);
  });

  test("makes one loop per parameter of a step of Adam", () => {
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
    expect(loops(program)).toHaveLength(2);
  });

  test("does not put an equation into a loop that reads other elements of what the loop computes", () => {
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

  test("continues to fill a loop when an earlier equation of another shape is taken", () => {
    const f = (x: Tensor, y: Tensor, z: Tensor): Tensor[] => {
      const a = exp(x);
      const b = reshape(y, [4]);
      const c = sin(z);
      return [mul(a, b), c];
    };
    const square = tensor([[1, 2], [3, 4]]); // prettier-ignore
    expect(loops(makeProgram(f)([1, 2, 3, 4], square, [1, 2]))).toEqual([2, 1]);
  });

  test("lets a reduction of all elements read a loop unless the loop needs an index along each axis", () => {
    const readers = (
      f: (x: Tensor, y: Tensor) => Tensor,
      x: number[][],
      y: number[] | number[][],
    ): string[] =>
      fuse(makeProgram(f)(x, y)).steps.flatMap((step) =>
        step.kind === "loop" && step.reader !== undefined ? [step.reader.prim.name] : [],
      );
    const f = (x: Tensor, y: Tensor): Tensor => sum(mul(sin(x), y));
    const matrix = [[1, 2, 3], [4, 5, 6]]; // prettier-ignore
    expect(readers(f, matrix, matrix)).toEqual(["sum"]);
    expect(readers(f, matrix, [1, 2, 3])).toEqual([]);
  });

  test("lets a reduction read values while they are computed, and prints programs in loops", () => {
    const f = (x: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, y: Tensor) => [sum(mul(sin(x), add(c, y))), null], 1, xs)[0];
    expect(printFused(fuse(optimize(makeProgram(f)([1, 2], [1, 2, 3]))))).toMatchInlineSnapshot(`
      "f(x:f64[2], xs:f64[3]) {
        0  a:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        1  loop over [2]:
             b:f64[2] = sin x
        2  c:f64[] = scan[body=step consts=2 carries=1 length=3 reverse=false] x b a xs
             step(a:f64[2], b:f64[2], c:f64[], d:f64[]) {
               where it is read: f:f64[2] = broadcast[shape=[2] axes=[]] e
               0  e:f64[] = add c d
               1  loop over [2]:
                    g:f64[2] = mul b f
                    read by h:f64[] = sum[axes=[0]] g
               return h
             }
        return c
      }"
    `);
  });

  test("takes steps in a deterministic order, each once and after its operands", () => {
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
    const fused = fuse(program);
    expect(printFused(fuse(program))).toBe(printFused(fused));
    const known = new Set([...program.ins, ...fused.deferred.keys()]);
    for (const step of fused.steps) {
      const eqns =
        step.kind === "loop" ? [...step.members, ...(step.reader ? [step.reader] : [])] : [step.eqn];
      for (const { ins, outs } of eqns) {
        for (const v of ins) expect(known.has(v)).toBe(true);
        for (const v of outs) {
          expect(known.has(v)).toBe(false);
          known.add(v);
        }
      }
    }
    expect(program.eqns.flatMap(({ outs }) => [...outs]).every((v) => known.has(v))).toBe(true);
  });
});

test("a queue of numbers returns the smallest first", () => {
  const queue = makeNumberQueue();
  const numbers = Array.from({ length: 200 }, (_, i) => (i * 7919) % 211);
  numbers.forEach(queue.push);
  const sorted = numbers.toSorted((a, b) => a - b);
  expect(queue.peek()).toBe(sorted[0]);
  expect(numbers.map(() => queue.pop())).toEqual(sorted);
  expect(queue.pop()).toBeUndefined();
});
