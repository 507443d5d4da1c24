// Plain functions in transforms: numbers in, numbers out; tensors in, tensors out.
import {
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "downhill";
import { fitCurve, leastSquares, minimize, solver } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { marked } from "../../../../test/support/marked.ts";
import { overTensors } from "./attach.ts";

interface Model {
  w: number[];
  b: number;
}
const loss = marked(`
function loss(p: { w: number[]; b: number }, xs: Float64Array, ys: Float64Array) {
  "use ad";
  let s = 0;
  for (let i = 0; i < ys.length; i++) {
    let a = p.b;
    for (let j = 0; j < p.w.length; j++) a += p.w[j] * xs[i * p.w.length + j];
    s += (a - ys[i]) ** 2;
  }
  return s / ys.length;
}`) as (p: Model, xs: Float64Array, ys: Float64Array) => number;
const p: Model = { w: [1, 2], b: 0.5 };
const xs = Float64Array.of(1, 2, 3, 4);
const ys = Float64Array.of(5, 10);

describe("numbers give numbers", () => {
  test("a plain call runs the function itself", () => {
    expect(loss(p, xs, ys)).toBe((0.5 ** 2 + 1.5 ** 2) / 2);
    expect(loss.name).toBe("loss");
    expect(loss.length).toBe(3);
  });

  test("gradients have the types of the arguments", () => {
    expect(grad(loss)(p, xs, ys)).toEqual({ w: [5, 7], b: 2 });
    expect(grad(loss, { argnums: 2 })(p, xs, ys)).toEqual(Float64Array.of(-0.5, -1.5));
    expect(grad(loss, { argnums: [0, 2] })(p, xs, ys)).toEqual([
      { w: [5, 7], b: 2 },
      Float64Array.of(-0.5, -1.5),
    ]);
    expect(valueAndGrad(loss)(p, xs, ys)).toEqual([1.25, { w: [5, 7], b: 2 }]);
  });

  test("a sum without a start needs an element to begin with", () => {
    const sum = marked(`function sum(x: number[]) { "use ad"; return x.reduce((a, b) => a + b * b); }`) as (
      x: number[],
    ) => number;
    expect(grad(sum)([2, 3])).toEqual([1, 6]);
    expect(() => grad(sum)([])).toThrow("index 0 is out of range, the length is 0");
  });

  test.each([
    ["x.at(-3)!", "index -3 is out of range, the length is 2"],
    ["x.at(k)!", "index -4 is out of range, the length is 2"],
    ["x.at(-k)!", "index 4 is out of range, the length is 2"],
    ["m.at(k)![0]", "index -4 is out of range, the length is 1"],
    ["m.at(-2)!.reduce((a, b) => a + b)", "index -2 is out of range, the length is 1"],
  ])("%s names the place that was written where it is out of range", (read, message) => {
    const f = marked(
      `function f(x: number[], m: number[][], k: number) { "use ad"; return ${read} * x[0] + x.at(-2)! * m.at(-1)![0]; }`,
    ) as (x: number[], m: number[][], k: number) => number;
    expect(() => grad(f)([2, 3], [[5, 6]], -4)).toThrow(message);
  });

  test("indices that count from the end have derivatives", () => {
    const f = marked(
      `function f(x: number[], m: number[][], k: number) { "use ad"; return x.at(k)! ** 2 * m.at(k)![0] + x.at(-1)!; }`,
    ) as (x: number[], m: number[][], k: number) => number;
    expect(grad(f, { argnums: [0, 1] })([2, 3], [[5, 6], [7, 8]], -2)).toEqual([[20, 1], [[4, 0], [0, 0]]]); // prettier-ignore
    expect(grad(f)([2, 3], [[5, 6], [7, 8]], 1)).toEqual([0, 43]); // prettier-ignore
  });

  test("later calls do not change the result of a call", () => {
    const gradient = grad(loss, { argnums: [0, 2] });
    gradient(p, xs, ys); // the first call goes another way
    const [first, second] = [gradient(p, xs, ys), gradient({ w: [0, 0], b: 0 }, xs, ys)];
    expect(first).toEqual([{ w: [5, 7], b: 2 }, Float64Array.of(-0.5, -1.5)]);
    expect(second).toEqual([{ w: [-35, -50], b: -15 }, Float64Array.of(5, 10)]);
  });

  const cube = marked(`function cube(x: number) { "use ad"; return x * x * x; }`) as (x: number) => number;
  const pair = marked(`
function pair(x: number[], y: number) {
  "use ad";
  const t = new Array<number>(x.length).fill(0);
  let s = 0;
  for (let i = 0; i < x.length; i++) {
    t[i] = x[i] * x[i] * y;
    s += t[i];
  }
  return { s, t };
}`) as (x: number[], y: number) => { s: number; t: number[] };

  test("Jacobians in several arguments are a tuple of those at each result", () => {
    expect(jacfwd(pair, { argnums: [1, 0] })([1, 2], 3)).toEqual({
      s: [5, [6, 12]],
      t: [[1, 4], [[6, 0], [0, 12]]], // prettier-ignore
    });
    expect(jacrev(pair, { argnums: [0, 1] })([1, 2], 3).s).toEqual([[6, 12], 5]);
    expect(hessian(loss, { argnums: [0, 2] })(p, xs, ys)[1]).toEqual([
      { w: [[-1, -2], [-3, -4]], b: Float64Array.of(-1, -1) }, // prettier-ignore
      [Float64Array.of(1, 0), Float64Array.of(0, 1)],
    ]);
  });

  test("Jacobians and Hessians are not traced at each call: they cost a few calls of a gradient", () => {
    const timed = (f: () => unknown): number => {
      for (let i = 0; i < 200; i++) f();
      const runs = Array.from({ length: 5 }, () => {
        const start = performance.now();
        for (let i = 0; i < 40; i++) f();
        return performance.now() - start;
      });
      return Math.min(...runs);
    };
    const [gradient, ...derivatives] = [grad(loss), hessian(loss), jacfwd(loss), jacrev(loss)];
    const one = timed(() => gradient(p, xs, ys));
    for (const f of derivatives) expect(timed(() => f(p, xs, ys)) / one).toBeLessThan(100); // were 300 and more
  });

  test("Jacobians at other values, in repeated arguments, in no argument, and of float32", () => {
    for (const jacobian of [jacfwd, jacrev]) {
      const slopes = jacobian(pair);
      expect(slopes([1, 2], 2).s).toEqual([4, 8]);
      expect(slopes([1, 2, 3], 1).s).toEqual([2, 4, 6]);
      expect(slopes([], 1)).toEqual({ s: [], t: [] });
      const ones = new Array<number>(40).fill(1); // more elements than there are calls
      expect(slopes(ones, 1).s).toEqual(ones.map(() => 2));
      expect(slopes(ones, 1).t[3]!.indexOf(2)).toBe(3);
      expect(jacobian(pair, { argnums: [1, 1] })([1, 2], 3).s).toEqual([5, 5]);
      const single = jacobian(pair as never as (x: Float32Array, y: number) => { s: number; t: number[] });
      expect(single(Float32Array.of(1, 2), 2).s).toEqual(Float32Array.of(4, 8));
    }
  });

  test("second derivatives, and transforms of transforms", () => {
    expect(grad(grad(cube))(2)).toBe(12);
    expect(grad(grad(grad(cube)))(2)).toBe(6);
    expect(hessian(cube)(2)).toBe(12);
    expect(jacfwd(grad(cube))(2)).toBe(12);
    expect(vmap(grad(cube))([1, 2])).toEqual([3, 12]);
    expect(vmap(vmap(cube))([[1, 2], [3, 4]])).toEqual([[1, 8], [27, 64]]); // prettier-ignore
    expect(jit(grad(cube))(2)).toBe(12);
    expect(grad(jit(cube))(2)).toBe(12);
    expect(jacfwd(vmap(cube))([1, 2])).toEqual([[3, 0], [0, 12]]); // prettier-ignore
    expect(hessian(loss)(p, xs, ys)).toEqual({
      w: { w: [[10, 14], [14, 20]], b: [4, 6] }, // prettier-ignore
      b: { w: [4, 6], b: 2 },
    });
    expect(hvp(cube, 2, 3)).toBe(36);
  });

  test("jvp, vjp and linearize", () => {
    const out = { s: 10, t: [2, 8] };
    expect(jvp(pair, [[1, 2], 2], [[1, 0], 1])).toEqual([out, { s: 9, t: [5, 4] }]);
    const [value, pullback] = vjp(pair, [1, 2], 2);
    expect(value).toEqual(out);
    expect(pullback({ s: 1, t: [0, 10] })).toEqual([[4, 88], 45]);
    const [same, linear] = linearize(pair, [1, 2], 2);
    expect(same).toEqual(out);
    expect(linear([1, 0], 1)).toEqual({ s: 9, t: [5, 4] });
  });

  test("Jacobians have the shape of the result, then that of the argument", () => {
    for (const jacobian of [jacfwd, jacrev]) {
      expect(jacobian(pair)([1, 2], 2)).toEqual({ s: [4, 8], t: [[4, 0], [0, 8]] }); // prettier-ignore
      expect(jacobian(pair, { argnums: 1 })([1, 2], 2)).toEqual({ s: 5, t: [1, 4] });
      expect(jacobian(loss)(p, xs, ys)).toEqual({ w: [5, 7], b: 2 });
    }
  });

  test("batches of records, with arguments shared by all items", () => {
    expect(vmap(pair, { inAxes: [0, null] })([[1, 2], [3, 4]], 2)).toEqual({ s: [10, 50], t: [[2, 8], [18, 32]] }); // prettier-ignore
    const one = vmap(loss, { inAxes: [{ w: null, b: 0 }, null, null] });
    expect(one({ w: [1, 2], b: [0.5, 1.5] }, xs, ys)).toEqual([1.25, 4.25]);
  });

  test("batches of boolean arrays have the batch axis first, like batches of numbers", () => {
    const count = marked(`
function count(on: boolean[], rows: boolean[][], p: number) {
  "use ad";
  let s = 0;
  for (const b of on) s += b ? p : p * p;
  for (const row of rows) if (row[1]) s += 10;
  return s;
}`) as (on: boolean[], rows: boolean[][], p: number) => number;
    const on = [[true, false, true], [false, false, true]]; // prettier-ignore
    const rows = [[[true, true], [true, false]], [[false, true], [false, true]]]; // prettier-ignore
    const each = [2, 3].map((p, i) => count(on[i]!, rows[i]!, p));
    expect(each).toEqual([18, 41]);
    expect(vmap(count)(on, rows, [2, 3])).toEqual(each);
    expect(vmap(grad(count, { argnums: 2 }))(on, rows, [2, 3])).toEqual([6, 13]);
    expect(vmap(count, { inAxes: [null, null, 0] })(on[0]!, rows[0]!, [2, 3])).toEqual([18, 25]);
    expect(vmap(count, { inAxes: [1, null, 0] })([[true, false], [true, true]], rows[0]!, [2, 3])).toEqual([14, 22]); // prettier-ignore
  });

  test("jit computes the result of a plain call, and reports statistics", () => {
    const compiled = jit(loss);
    expect(compiled(p, xs, ys)).toBe(1.25);
    expect(typeof compiled.stats().programs).toBe("number");
  });

  test("lists of records, matrices, tuples, booleans and float32", () => {
    const energy = marked(`
      function energy(ps: { x: number; v: [number, number] }[], m: number[][], isDoubled: boolean) {
        "use ad";
        let s = 0;
        for (let i = 0; i < ps.length; i++) {
          s += ps[i].x * ps[i].x;
          for (let j = 0; j < 2; j++) s += m[i][j] * ps[i].v[j];
        }
        return isDoubled ? 2 * s : s;
      }`) as (ps: { x: number; v: [number, number] }[], m: number[][], isDoubled: boolean) => number;
    const ps: { x: number; v: [number, number] }[] = [
      { x: 1, v: [1, 2] },
      { x: 2, v: [3, 4] },
    ];
    const m = [[1, 2], [3, 4]]; // prettier-ignore
    expect(energy(ps, m, false)).toBe(35);
    expect(valueAndGrad(energy)(ps, m, true)).toEqual([
      70,
      [
        { x: 4, v: [2, 4] },
        { x: 8, v: [6, 8] },
      ],
    ]);
    expect(grad(energy, { argnums: [1, 0] })(ps, m, false)[0]).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(() => grad(energy, { argnums: 2 })(ps, m, false)).toThrow(
      "argument 2 is true or false, and has no derivative",
    );
    const half = marked(
      `function half(xs: Float32Array) { "use ad"; let s = 0; for (const x of xs) s += x * x / 2; return s; }`,
    ) as (xs: Float32Array) => number;
    expect(grad(half)(Float32Array.of(1, 2))).toEqual(Float32Array.of(1, 2));
    expect(vmap(half)([Float32Array.of(1, 2), Float32Array.of(3, 4)])).toEqual([2.5, 12.5]);
  });

  test("auxiliary results are passed through", () => {
    const f = marked(`
      function f(x: number): [number, { twice: number; all: number[] }] {
        "use ad";
        return [x * x, { twice: 2 * x, all: [x, x] }];
      }`) as (x: number) => [number, { twice: number; all: number[] }];
    expect(grad(f, { hasAux: true })(3)).toEqual([6, { twice: 6, all: [3, 3] }]);
    expect(valueAndGrad(f, { hasAux: true })(3)).toEqual([[9, { twice: 6, all: [3, 3] }], 6]);
  });

  test("captured values are read at each call", () => {
    let k = 2;
    const scaled = marked(`let k: number = 1; k = 2;
      function scaled(x: number) { "use ad"; return k * x * x; }`, () => [k]) as (x: number) => number; // prettier-ignore
    const slope = grad(scaled);
    expect(slope(3)).toBe(12);
    k = 5;
    expect(slope(3)).toBe(30);
    expect(hessian(scaled)(3)).toBe(10);
  });
});

describe("tensors give tensors", () => {
  const cube = marked(`function cube(x: number) { "use ad"; return x * x * x; }`) as (x: number) => number;
  const onTensors = overTensors(loss);

  test("a call with tensors is an operation among others", () => {
    const w = tensor([1, 2]);
    expect(onTensors({ w, b: 0.5 }, xs, ys).item()).toBe(1.25);
    const f = (q: { readonly w: Tensor; readonly b: Tensor }): Tensor => onTensors(q, xs, ys).mul(2);
    expect(grad(f)({ w, b: 0.5 }).w.tolist()).toEqual([10, 14]);
    expect(jit(grad(f))({ w, b: 0.5 }).w.tolist()).toEqual([10, 14]);
    expect(vmap((b: Tensor) => onTensors({ w, b }, xs, ys))([0.5, 1.5]).tolist()).toEqual([1.25, 4.25]);
  });

  test("one tensor replaces a tuple, and lists of tuples and booleans", () => {
    const spread = overTensors(
      marked(`
      function spread(at: [number, number], ps: [number, number][], on: boolean[]) {
        "use ad";
        let s = 0;
        for (const [i, [x, y]] of ps.entries()) if (on[i]) s += (x - at[0]) ** 2 * (y - at[1]);
        return s;
      }`) as (at: [number, number], ps: [number, number][], on: boolean[]) => number,
    );
    const on = [true, false, true];
    const ps = [[1, 2], [3, 4], [5, 7]]; // prettier-ignore
    const by = (a: Tensor, b: Tensor): Tensor => spread(a, b, on).mul(2);
    const [da, db] = grad(by, { argnums: [0, 1] })([1, 1], ps);
    expect(da.tolist()).toEqual([-96, -32]);
    expect(db.tolist()).toEqual([[0, 0], [0, 0], [96, 32]]); // prettier-ignore
    expect(jit(grad(by))([1, 1], ps).tolist()).toEqual([-96, -32]);
    const mixed = [[tensor(1), 2], [3, 4], [5, tensor(7)]] as never; // prettier-ignore
    expect(spread(tensor([1, 1]), mixed, tensor(on) as never).item()).toBe(96);
    expect(spread([1, 1], tensor([]), []).item()).toBe(0);
    expect(() => spread(tensor([1, 2, 3]), ps as [number, number][], on)).toThrow(
      "spread: at must be an array of 2, got f64[3].",
    );
  });

  test("an empty list is a matrix without rows, and a list without objects", () => {
    const total = marked(`
      function total(m: number[][], ps: { x: number }[][], x: number) {
        "use ad";
        return m.length + ps.length + x;
      }`) as unknown as (m: Tensor, ps: Tensor, x: number) => Tensor;
    expect(grad((m: Tensor, ps: Tensor) => total(m, ps, 2))([], []).shape).toEqual([0]);
    expect(jit((m: Tensor, ps: Tensor) => total(m, ps, 2))([], [[], []]).item()).toBe(4);
  });

  test("the function itself accepts tensors inside another function", () => {
    const untyped = cube as unknown as (x: Tensor) => Tensor;
    expect(grad((x) => untyped(x).mul(x))(2).item()).toBe(32);
    expect(jit((x) => untyped(x).add(1))(2).item()).toBe(9);
    // numbers and tensors side by side in an array
    const pairOfTensors = loss as unknown as (q: object, a: Float64Array, b: Float64Array) => Tensor;
    expect(grad((x) => pairOfTensors({ w: [1, x], b: 0.5 }, xs, ys))(2).item()).toBe(7);
    const gradient = grad(cube) as unknown as (x: Tensor) => Tensor;
    expect(gradient(tensor(2)).item()).toBe(12);
    expect(jit((x) => gradient(x))(2).item()).toBe(12);
  });
});

describe("arguments that set sizes and indices", () => {
  const smoothed = marked(`
function smoothed(p: { a: number; b: number }, rounds: number, order: number[], ys: number[]) {
  "use ad";
  let s = p.a;
  for (let i = 0; i < rounds; i++) s = 0.5 * s + p.b;
  let sum = 0;
  for (let i = 0; i < order.length; i++) sum += (ys[order[i]] - s * i) ** 2;
  return sum;
}`) as (p: { a: number; b: number }, rounds: number, order: number[], ys: number[]) => number;
  const start = { a: 3, b: 0.2 };
  const order = [2, 0, 1];
  const ys = [1, 2, 0.5];
  const gradient = grad(smoothed)(start, 3, order, ys);

  test("are plain numbers inside differentiated and compiled functions", () => {
    // tensors of what was given as plain numbers are known too
    const closure = overTensors(smoothed);
    const plain = (p: { a: Tensor; b: Tensor }): Tensor => closure(p, 3, order, ys);
    for (const found of [grad(plain)(start), jit(grad(plain))(start)]) {
      expect(found.a.item()).toBeCloseTo(gradient.a, 12);
      expect(found.b.item()).toBeCloseTo(gradient.b, 12);
    }
    expect(jit(plain)(start).item()).toBeCloseTo(smoothed(start, 3, order, ys), 12);
    expect(() => jit((p: { a: Tensor; b: Tensor }) => closure(p, 2.5, order, ys))(start)).toThrow(
      "smoothed: rounds sets a size, a bound or an index, so it must be an integer, got 2.5.",
    );
  });

  test("are data of minimize and leastSquares, and another size compiles another program", () => {
    const { params, gradient: slope } = minimize(smoothed, start, { args: [3, order, ys] });
    const least = smoothed(params, 3, order, ys);
    expect(least).toBeLessThan(smoothed(start, 3, order, ys));
    expect(Math.abs(slope!.a) + Math.abs(slope!.b)).toBeLessThan(1e-5);
    const search = solver(smoothed);
    for (const rounds of [3, 1, 3]) {
      const found = search(start, rounds, order, ys);
      expect(found.value).toBeCloseTo(least, 8); // any number of rounds reaches the best s
      expect(smoothed(found.params, rounds, order, ys)).toBeCloseTo(least, 8);
    }
    expect(() => minimize(smoothed, start, { args: [3, [2, 0.5], ys] })).toThrow(
      "smoothed: order sets a size, a bound or an index, so it must be an integer, got 0.5.",
    );

    const residuals = marked(`
function residuals(p: { a: number; b: number }, order: number[], ys: number[]) {
  "use ad";
  return order.map((k, i) => ys[k] - p.a * i - p.b);
}`) as (p: { a: number; b: number }, order: number[], ys: number[]) => number[];
    const line = leastSquares(residuals, start, { args: [order, ys] }).params;
    expect(line.a).toBeCloseTo(0.75, 8); // through 0.5, 1, 2
    expect(line.b).toBeCloseTo(1.25 / 3, 8);
  });
});

describe("searches", () => {
  test("minimize returns numbers in the structure of the start", () => {
    const f = marked(`
      function bowl(q: { x: number; ys: number[] }) {
        "use ad";
        let s = (q.x - 1) ** 2;
        for (const y of q.ys) s += (y - 2) ** 2;
        return s;
      }`) as (q: { x: number; ys: number[] }) => number;
    const { params, gradient } = minimize(f, { x: 0, ys: [0, 0] });
    expect(params.x).toBeCloseTo(1, 6);
    expect(params.ys.map((y) => Math.round(y * 1e6) / 1e6)).toEqual([2, 2]);
    expect(typeof gradient!.x).toBe("number");
  });

  test("leastSquares and fitCurve", () => {
    const t = Float64Array.of(0, 1, 2, 3);
    const y = Float64Array.from(t, (x) => 2 * Math.exp(-0.5 * x));
    const f = marked(`
      function residuals(q: { a: number; k: number }, ts: Float64Array, zs: Float64Array) {
        "use ad";
        const r = new Array<number>(ts.length).fill(0);
        for (let i = 0; i < ts.length; i++) r[i] = q.a * Math.exp(q.k * ts[i]) - zs[i];
        return r;
      }`) as (q: { a: number; k: number }, ts: Float64Array, zs: Float64Array) => number[];
    const { params, residuals, covariance } = leastSquares(f, { a: 1, k: 0 }, { args: [t, y] });
    expect([params.a, params.k].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([2, -0.5]);
    expect(residuals.length).toBe(4);
    expect(covariance.length).toBe(2);
    const decay = marked(`
      function decay(x: number, q: { a: number; k: number }) { "use ad"; return q.a * Math.exp(q.k * x); }`) as (
      x: number,
      q: { a: number; k: number },
    ) => number;
    const fit = fitCurve(decay, t, y, { parameters: ["a", "k"] });
    expect([fit.params.a, fit.params.k].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([2, -0.5]);
    expect(fit.fitted.length).toBe(4);
  });
});

describe("mistakes", () => {
  const cube = marked(`function cube(x: number) { "use ad"; return x * x * x; }`) as (x: number) => number;
  const sized = marked(`
    function sized(x: number, n: number) {
      "use ad";
      const all = new Float64Array(n);
      let s = 0;
      for (let i = 0; i < n; i++) all[i] = x;
      for (const y of all) s += y;
      return s;
    }`) as (x: number, n: number) => number;

  test("errors name arguments of the wrong type", () => {
    expect(() => grad(loss)({ w: [1] } as never, xs, ys)).toThrow(
      "grad(loss): p.b must be a number, got undefined.",
    );
    expect(() => (grad(cube) as () => number)()).toThrow("grad(cube): takes 1 argument, and 0 are given.");
    expect(() => hvp(loss as never, p, p)).toThrow("hvp(loss): takes 3 arguments, and 1 is given.");
  });

  test("an argument that sets bounds has no derivative, and the error says so", () => {
    expect(grad(sized)(2, 3)).toBe(3);
    expect(() => grad(sized, { argnums: 1 })(2, 3)).toThrow(
      "grad(sized): argument 1 only sets sizes, bounds and indices, and has no derivative.",
    );
    expect(jvp(sized, [2, 3], [1, 0])).toEqual([6, 3]);
    expect(() => jvp(sized, [2, 3], [1, 1])).toThrow("Its tangent must be 0.");
    expect(() => vjp(sized, 2, 3)).toThrow("only sets sizes");
    expect(() => grad(sized)(2, 2.5)).toThrow("must be an integer");
  });

  test("a function that returns several numbers has Jacobians but no gradient", () => {
    const two = marked(`function two(x: number) { "use ad"; return [x, x * x]; }`) as (x: number) => number[];
    expect(() => grad(two as never)).not.toThrow();
    expect(() => (grad(two as never) as (x: number) => unknown)(1)).toThrow(
      "a gradient needs a function that returns one number",
    );
  });

  test("the error for a marked function that was not compiled names the missing step", () => {
    function bare(x: number): number {
      "use ad";
      return x * x;
    }
    for (const transform of [grad, jit, vmap, hessian, jacfwd] as unknown as ((f: unknown) => unknown)[])
      expect(() => transform(bare)).toThrow(
        'bare is marked "use ad", but nothing has compiled it. Load it through the build plugin',
      );
    const unnamed = [
      (x: number): number => {
        "use ad";
        return x;
      },
    ];
    expect(() => grad(unnamed[0]! as never)).toThrow('the function is marked "use ad"');
    expect(() => minimize(bare, 1)).toThrow('bare is marked "use ad"');
    expect(() => jvp(bare, [1], [1])).toThrow('jvp: bare is marked "use ad"');
    // one that stands inside of a function over tensors is no mark of that
    const outer = (x: Tensor): Tensor => {
      const inner = (y: number): number => {
        "use ad";
        return y;
      };
      return x.mul(inner(2));
    };
    expect(grad(outer)(1).item()).toBe(2);
  });

  test("the error for an unmarked function of numbers explains how to differentiate it", () => {
    const square = ((x: number) => x * x) as unknown as (x: Tensor) => Tensor;
    expect(() => grad(square)(2)).toThrow('"use ad"');
    expect(() => grad((() => 3) as unknown as (x: Tensor) => Tensor)(2)).toThrow('"use ad"');
  });

  test("a boolean may have a tangent of 0 or false", () => {
    const f = marked(`function energy(p: { x: number; isDoubled: boolean }) {
      "use ad";
      return p.isDoubled ? 2 * p.x ** 2 : p.x ** 2;
    }`) as (p: { x: number; isDoubled: boolean }) => number;
    for (const still of [0, false])
      expect(jvp(f, [{ x: 3, isDoubled: true }], [{ x: 1, isDoubled: still as boolean }])).toEqual([18, 12]);
    expect(() => jvp(f, [{ x: 3, isDoubled: true }], [{ x: 1, isDoubled: true }])).toThrow(
      "jvp(energy): p is true or false, and has no derivative. Its tangent must be 0 or false.",
    );
  });

  test("a Jacobian has the structure of the declared result type", () => {
    const asTuple = marked(`function twice(p: { a: number; b: number }): Pair {
      "use ad";
      const r = new Array<number>(2).fill(0);
      for (let i = 0; i < 2; i++) r[i] = p.a * (i + 1) + p.b;
      return r as Pair;
    }
    type Pair = [number, number];`) as (p: { a: number; b: number }) => [number, number];
    expect(jacrev(asTuple)({ a: 1, b: 1 })).toEqual([
      { a: 1, b: 1 },
      { a: 2, b: 1 },
    ]);
    const asArray =
      marked(`function twice(p: { a: number; b: number }): { m: number[][]; t: [number, number][] } {
      "use ad";
      return { m: [[p.a, 2], [3, p.b]], t: [1, 2].map((k) => [k * p.a, p.b]) };
    }`) as (p: { a: number; b: number }) => { m: number[][]; t: [number, number][] };
    expect(jacfwd(asArray)({ a: 1, b: 1 })).toEqual({
      m: {
        a: [
          [1, 0],
          [0, 0],
        ],
        b: [
          [0, 0],
          [0, 1],
        ],
      },
      t: [
        [
          { a: 1, b: 0 },
          { a: 0, b: 1 },
        ],
        [
          { a: 2, b: 0 },
          { a: 0, b: 1 },
        ],
      ],
    });
  });
});

test("gradients by integers that count as numbers are not cut to integers", () => {
  const f = marked(
    `function f(x: ArrayLike<number>) { "use ad"; return Math.sin(x[0] / 2) + x[1] / 4; }`,
  ) as (x: ArrayLike<number>) => number;
  for (const given of [Int32Array.of(0, 2), Uint8Array.of(0, 2)])
    expect(grad(f)(given)).toEqual(Float64Array.of(0.5, 0.25));
});
