import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  grad,
  jit,
  makeProgram,
  matmul,
  mul,
  scan,
  sum,
  tanh,
  tensor,
  transpose,
  zeros,
} from "downhill";
import { gruCell, gruInit, lstmCell, lstmInit, rnnCell, rnnInit } from "downhill/nn";
import { key, normal } from "downhill/random";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { sizeOf } from "../util/shape.ts";
import { eliminateDeadCode, optimize } from "./pipeline.ts";
import { batchProducts } from "./batched-products.ts";
import { extent } from "../../../test/support/extent.ts";

/** The program before and after the pass, without dead code. */
function beforeAfter(program: Program): string {
  const before = eliminateDeadCode(program);
  const after = eliminateDeadCode(batchProducts(before));
  checkProgram(after);
  return `${printProgram(before)}\n=>\n${printProgram(after)}`;
}

/** Number of products in loop bodies, and in the program itself. */
function countProducts(program: Program): { readonly inside: number; readonly outside: number } {
  const text = printProgram(program);
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return { inside: count(/^ {4,}\S.*dotGeneral/gm), outside: count(/^ {2}\S.*dotGeneral/gm) };
}

const random = (seed: number, shape: readonly number[]): Tensor =>
  tensor(normal(key(seed), sizeOf(shape))).reshape([...shape]);

const integers = (shape: readonly number[], factor: number): Tensor =>
  tensor(Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i + 1) * factor)).reshape([...shape]);

/** Compares the results of a compiled function with its operation-by-operation evaluation. */
function expectSame(f: (...args: never[]) => Tensor | readonly Tensor[], args: readonly Tensor[]): void {
  const list = (...given: Tensor[]): Tensor[] => [f(...(given as never[]))].flat();
  const [eager, compiled] = [list(...args), jit(list)(...args)];
  eager.forEach((expected, i) => {
    const actual = compiled[i]!.data();
    const scale = Math.max(1, ...expected.data().map(Math.abs));
    // sums in another order differ by a few units in the last place of the largest number
    expected.data().forEach((x, j) => expect(Math.abs(actual[j]! - x) / scale).toBeLessThan(1e-13));
  });
}

describe("products of all steps", () => {
  test("are computed before and after the loop, before and after", () => {
    const loss = (w: Tensor, u: Tensor, xs: Tensor): Tensor =>
      sum(
        scan((h: Tensor, x: Tensor) => [tanh(matmul(x, w).add(matmul(h, u))), null], zeros([2, 32]), xs)[0],
      );
    const gradients = grad(loss, { argnums: [0, 1, 2] });
    const args = [random(1, [48, 32]), random(2, [32, 32]), random(3, [5, 2, 48])] as const;
    const program = makeProgram(gradients)(...args);
    expect(beforeAfter(program)).toMatchInlineSnapshot(`
      "f(x0:f64[48,32], x1:f64[32,32], x2:f64[5,2,48]) {
        a:f64[2,32] = full[value=0 dtype=float64 shape=[2,32] weak=false]
        b:f64[2,32] c:f64[5,2,32] d:f64[5,2,32] = scan[body=now(jvp(step)) consts=2 carries=1 length=5 reverse=false] x0 x1 a x2
          now(jvp(step))(a:f64[48,32], b:f64[32,32], c:f64[2,32], d:f64[2,48]) {
            e:f64[2,32] = dotGeneral[contract=[[1],[0]] batch=[[],[]]] d a
            f:f64[2,32] = dotGeneral[contract=[[1],[0]] batch=[[],[]]] c b
            g:f64[2,32] = add e f
            h:f64[2,32] = tanh g
            i:f64[2,32] = full[value=1 dtype=float64 shape=[2,32] weak=false]
            j:f64[2,32] = mul h h
            k:f64[2,32] = sub i j
            return h, c, k
          }
        e:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        f:f64[2,32] = broadcast[shape=[2,32] axes=[]] e
        g:f64[48,32] = full[value=0 dtype=float64 shape=[48,32] weak=false]
        h:f64[32,32] = full[value=0 dtype=float64 shape=[32,32] weak=false]
        i:f64[48,32] j:f64[32,32] k:f64[2,32] l:f64[5,2,48] = scan[body=transpose(later(jvp(step))) consts=2 carries=3 length=5 reverse=true] x0 x1 g h f x2 c d
          transpose(later(jvp(step)))(a:f64[48,32], b:f64[32,32], c:f64[48,32], d:f64[32,32], e:f64[2,32], f:f64[2,48], g:f64[2,32], h:f64[2,32]) {
            i:f64[2,32] = mul e h
            j:f64[32,32] = dotGeneral[contract=[[0],[0]] batch=[[],[]]] g i
            k:f64[32,32] = add d j
            l:f64[2,32] = dotGeneral[contract=[[1],[1]] batch=[[],[]]] i b
            m:f64[48,32] = dotGeneral[contract=[[0],[0]] batch=[[],[]]] f i
            n:f64[48,32] = add c m
            o:f64[2,48] = dotGeneral[contract=[[1],[1]] batch=[[],[]]] i a
            return n, k, l, o
          }
        return i, j, l
      }
      =>
      f(x0:f64[48,32], x1:f64[32,32], x2:f64[5,2,48]) {
        a:f64[2,32] = full[value=0 dtype=float64 shape=[2,32] weak=false]
        b:f64[5,2,32] = dotGeneral[contract=[[2],[0]] batch=[[],[]]] x2 x0
        c:f64[2,32] d:f64[5,2,32] e:f64[5,2,32] = scan[body=now(jvp(step)) consts=1 carries=1 length=5 reverse=false] x1 a b
          now(jvp(step))(a:f64[32,32], b:f64[2,32], c:f64[2,32]) {
            d:f64[2,32] = dotGeneral[contract=[[1],[0]] batch=[[],[]]] b a
            e:f64[2,32] = add c d
            f:f64[2,32] = tanh e
            g:f64[2,32] = full[value=1 dtype=float64 shape=[2,32] weak=false]
            h:f64[2,32] = mul f f
            i:f64[2,32] = sub g h
            return f, b, i
          }
        f:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        g:f64[2,32] = broadcast[shape=[2,32] axes=[]] f
        h:f64[48,32] = full[value=0 dtype=float64 shape=[48,32] weak=false]
        i:f64[32,32] = full[value=0 dtype=float64 shape=[32,32] weak=false]
        j:f64[2,32] k:f64[5,2,32] = scan[body=transpose(later(jvp(step))) consts=1 carries=1 length=5 reverse=true] x1 g e
          transpose(later(jvp(step)))(a:f64[32,32], b:f64[2,32], c:f64[2,32]) {
            d:f64[2,32] = mul b c
            e:f64[2,32] = dotGeneral[contract=[[1],[1]] batch=[[],[]]] d a
            return e, d
          }
        l:f64[48,32] = dotGeneral[contract=[[0,1],[0,1]] batch=[[],[]]] x2 k
        m:f64[48,32] = add h l
        n:f64[32,32] = dotGeneral[contract=[[0,1],[0,1]] batch=[[],[]]] d k
        o:f64[32,32] = add i n
        p:f64[5,2,48] = dotGeneral[contract=[[2],[1]] batch=[[],[]]] k x0
        return m, o, p
      }"
    `);
    expect(countProducts(optimize(program))).toEqual({ inside: 2, outside: 4 });
    expectSame(gradients, args);
  });

  test("keep a nonzero start value, and the order of steps of a loop that runs backward", () => {
    for (const reverse of [false, true]) {
      const total = (start: Tensor, xs: Tensor, w: Tensor): Tensor[] => {
        const [s, y] = scan(
          (c: { s: Tensor; n: Tensor }, x: Tensor) => [
            { s: c.s.add(mul(matmul(transpose(x), x), 1)), n: add(mul(c.n, 0.5), matmul(x, w)) },
            matmul(x, w),
          ],
          { s: start, n: zeros([4, 40]) },
          xs,
          { reverse },
        );
        return [s.s, s.n, y];
      };
      const args = [random(1, [40, 40]), random(2, [6, 4, 40]), random(3, [40, 40])] as const;
      expect(countProducts(optimize(makeProgram(total)(...args)))).toEqual({ inside: 0, outside: 2 });
      expectSame(total, args);
    }
  });

  test("that a step also reads stay in the loop", () => {
    const f = (start: Tensor, xs: Tensor): Tensor =>
      scan(
        (c: [Tensor, Tensor], x: Tensor) => {
          const product = matmul(transpose(x), mul(x, c[1]));
          return [[c[0].add(product), sum(product).tanh()] as [Tensor, Tensor], null];
        },
        [start, 1],
        xs,
      )[0][0];
    const args = [random(1, [40, 40]), random(2, [6, 4, 40])] as const;
    expect(countProducts(optimize(makeProgram(f)(...args)))).toEqual({ inside: 1, outside: 0 });
    expectSame(f, args);
  });

  test("whose factors would need more memory than their sum stay", () => {
    const f = (start: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [c.add(matmul(transpose(tanh(x)), tanh(x))), null], start, xs)[0];
    const args = [random(1, [32, 32]), random(2, [3, 64, 32])] as const;
    expect(countProducts(optimize(makeProgram(f)(...args)))).toEqual({ inside: 1, outside: 0 });
    expectSame(f, args);
  });

  const gramians = (start: Tensor, xs: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => [c.add(matmul(transpose(tanh(x)), tanh(x))), null], start, xs)[0];

  test("of a single step stay in the loop", () => {
    const program = makeProgram(gramians)(zeros([32, 32]), zeros([1, 16, 32]));
    expect(countProducts(batchProducts(program))).toEqual({ inside: 1, outside: 0 });
  });

  test("are moved if their factors have 4,194,304 elements, but not more", () => {
    const counts = (steps: number): unknown =>
      countProducts(batchProducts(makeProgram(gramians)(zeros([64, 64]), zeros([steps, 16, 64]))));
    expect(counts(2048)).toEqual({ inside: 0, outside: 1 });
    expect(counts(2049)).toEqual({ inside: 1, outside: 0 });
  });

  test("of integers are the same numbers", () => {
    const f = (start: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [c.add(matmul(transpose(x), x)), null], start, xs)[0];
    const xs = integers([3, 2, 40], 7919);
    const start = integers([40, 40], 1);
    expect(countProducts(optimize(makeProgram(f)(start, xs)))).toEqual({ inside: 0, outside: 1 });
    expect(jit(f)(start, xs).tolist()).toEqual(f(start, xs).tolist());
  });

  test("move out of nested loops completely", () => {
    const f = (w: Tensor, xs: Tensor): Tensor =>
      scan(
        (c: Tensor, rows: Tensor) => [
          scan((d: Tensor, x: Tensor) => [tanh(add(d, matmul(x, w))), null], c, rows)[0],
          null,
        ],
        zeros([4, 40]),
        xs,
      )[0];
    const args = [random(1, [40, 40]), random(2, [3, 2, 4, 40])] as const;
    expect(countProducts(optimize(makeProgram(f)(...args)))).toEqual({ inside: 0, outside: 1 });
    expectSame(f, args);
    const gradients = grad((w: Tensor, xs: Tensor) => sum(f(w, xs)), { argnums: [0, 1] });
    expectSame(gradients, args);
  });
});

const cells = {
  rnn: { init: rnnInit, step: (p: never, x: Tensor, s: { h: Tensor }) => ({ h: rnnCell(p, x, s.h) }) },
  gru: { init: gruInit, step: (p: never, x: Tensor, s: { h: Tensor }) => ({ h: gruCell(p, x, s.h) }) },
  lstm: { init: lstmInit, step: (p: never, x: Tensor, s: never) => lstmCell(p, x, s) },
} as const;

test("gradients of recurrent networks of random sizes equal operation-by-operation evaluation", () => {
  let moved = 0;
  fc.assert(
    fc.property(
      fc.record({
        cell: fc.constantFrom("rnn", "gru", "lstm"),
        inputs: fc.constantFrom(1, 33),
        hidden: fc.constantFrom(3, 32, 36),
        items: fc.constantFrom(0, 1, 4), // 0: a vector and no batch
        length: fc.integer({ min: 0, max: 4 }),
        reverse: fc.boolean(),
        checkpoint: fc.constantFrom(false, false, false, 2),
        layers: fc.constantFrom(1, 2),
      }),
      ({ cell, inputs, hidden, items, length, layers, ...options }) => {
        const { init, step } = cells[cell];
        const batch = items === 0 ? [] : [items];
        const zero = (): Tensor => zeros([...batch, hidden]);
        const start = cell === "lstm" ? { h: zero(), c: zero() } : { h: zero() };
        const loss = (params: object[], xs: Tensor): Tensor => {
          const ys = params.reduce<Tensor>(
            (x, p) =>
              scan(
                (s: never, input: Tensor) => {
                  const next = step(p as never, input, s);
                  return [next as never, next.h];
                },
                start as never,
                x,
                options,
              )[1],
            xs,
          );
          return sum(ys.mul(ys));
        };
        const params = Array.from({ length: layers }, (_, i) =>
          init(key(i), i === 0 ? inputs : hidden, hidden, { dtype: "float64" }),
        );
        const xs = random(9, [length, ...batch, inputs]);
        const gradients = grad(loss, { argnums: [0, 1] });
        const flat = (p: object[], x: Tensor): Tensor[] => {
          const [dp, dx] = gradients(p, x);
          return [...dp.flatMap((one) => Object.values(one) as Tensor[]), dx];
        };
        const [eager, compiled] = [flat(params, xs), jit(flat)(params, xs)];
        eager.forEach((expected, i) => {
          const actual = compiled[i]!.data();
          const scale = Math.max(1, ...expected.data().map(Math.abs));
          expected.data().forEach((x, j) => expect(Math.abs(actual[j]! - x) / scale).toBeLessThan(1e-12));
        });
        const program = makeProgram(flat)(params, xs);
        if (countProducts(optimize(program)).inside < countProducts(program).inside) moved++;
      },
    ),
    { numRuns: extent(3, 12, 6), seed: 20261126 },
  );
  expect(moved).toBeGreaterThan(extent(0, 3));
}, 120_000);
