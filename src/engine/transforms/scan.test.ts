import { afterAll, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  cos,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  makeProgram,
  ones,
  printProgram,
  scan,
  sin,
  stack,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "downhill";
import { checkGrads } from "downhill/testing";
import { countingInterp } from "../backends/interp/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { typeKey } from "../ir/types.ts";
import { hashProgram } from "../ir/hash.ts";
import { paramsKey } from "../ir/key.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Executable } from "../runtime/run.ts";
import { compileProgram } from "../runtime/executable.ts";
import { bind, installEvaluator } from "../trace/bind.ts";
import { traceProgram } from "../trace/staging.ts";

type Step = (c: Tensor, x: Tensor) => readonly [Tensor, Tensor];
const inputs = tensor([0.5, -1, 2, 0.25]);
const weight = tensor(0.7);

/** The same loop, step by step. */
function unrolled(step: Step, carry: Tensor, items: Tensor, reverse: boolean): [Tensor, Tensor] {
  const n = items.shape[0]!;
  const ys = new Array<Tensor>(n);
  let c = carry;
  for (let k = 0; k < n; k++) {
    const i = reverse ? n - 1 - k : k;
    [c, ys[i]] = step(c, items.at(i));
  }
  return [c, stack(ys)];
}

const expectNear = (actual: Tensor, expected: Tensor): void => {
  expect(actual.shape).toEqual(expected.shape);
  const numbers = expected.data();
  actual.data().forEach((value, i) => expect(value).toBeCloseTo(numbers[i]!, 12));
};

describe("scan", () => {
  const step =
    (w: Tensor): Step =>
    (c, x) => {
      const next = sin(c).mul(w).add(x);
      return [next, next.mul(x)];
    };
  const loss =
    (loop: typeof unrolled) =>
    (w: Tensor, c: Tensor, xs: Tensor, reverse: boolean): Tensor => {
      const [last, ys] = loop(step(w), c, xs, reverse);
      return last.mul(2).add(ys.square().sum());
    };
  const scanned: typeof unrolled = (body, c, xs, reverse) => scan(body, c, xs, { reverse });

  test.each([false, true])("has the values and derivatives of the loop unrolled (reverse: %s)", (reverse) => {
    const [f, g] = [loss(scanned), loss(unrolled)].map(
      (h) => (w: Tensor, c: Tensor, xs: Tensor) => h(w, c, xs, reverse),
    ) as [(w: Tensor, c: Tensor, xs: Tensor) => Tensor, (w: Tensor, c: Tensor, xs: Tensor) => Tensor];
    const all = [weight, tensor(0.3), inputs] as const;
    expectNear(f(...all), g(...all));
    grad(f, { argnums: [0, 1, 2] })(...all).forEach((d, i) =>
      expectNear(d, grad(g, { argnums: [0, 1, 2] })(...all)[i]!),
    );
    jit(grad(f, { argnums: [0, 1, 2] }))(...all).forEach((d, i) =>
      expectNear(d, grad(g, { argnums: [0, 1, 2] })(...all)[i]!),
    );
    expectNear(jvp(f, [...all], [1, 2, [1, 0, -1, 2]])[1], jvp(g, [...all], [1, 2, [1, 0, -1, 2]])[1]);
    expectNear(
      hessian((w: Tensor) => f(w, all[1], inputs))(weight),
      hessian((w: Tensor) => g(w, all[1], inputs))(weight),
    );
    expectNear(
      hessian((xs: Tensor) => f(weight, all[1], xs))(inputs),
      hessian((xs: Tensor) => g(weight, all[1], xs))(inputs),
    );
    expectNear(
      grad(grad(grad((w: Tensor) => f(w, all[1], inputs))))(weight),
      grad(grad(grad((w: Tensor) => g(w, all[1], inputs))))(weight),
    );
    expectNear(
      jacfwd((xs: Tensor) => scanned(step(weight), all[1], xs, reverse)[1])(inputs),
      jacrev((xs: Tensor) => unrolled(step(weight), all[1], xs, reverse)[1])(inputs),
    );
  });

  test("stays a loop in programs and in their derivatives", () => {
    const f = (w: Tensor, xs: Tensor): Tensor => loss(scanned)(w, tensor(0.3), xs, false);
    const program = printProgram(makeProgram(grad(f))(weight, inputs));
    expect(program.match(/ = scan\[/g)).toHaveLength(2); // one forwards, one backwards
    const lines = (n: number): number =>
      printProgram(makeProgram(grad(f))(weight, ones([n]))).split("\n").length;
    expect(lines(1000)).toBe(lines(2));
  });

  test("goes into batches, and batches into it", () => {
    const f = (w: Tensor, xs: Tensor): Tensor => loss(scanned)(w, tensor(0.3), xs, false);
    const ws = tensor([0.7, -0.2, 1.5]);
    expectNear(vmap(f, { inAxes: [0, null] })(ws, inputs), stack([0, 1, 2].map((i) => f(ws.at(i), inputs))));
    expectNear(
      vmap(grad(f), { inAxes: [0, null] })(ws, inputs),
      stack([0, 1, 2].map((i) => grad(f)(ws.at(i), inputs))),
    );
    const rows = stack([inputs, inputs.mul(2)]);
    expectNear(
      vmap(f, { inAxes: [null, 0] })(weight, rows),
      stack([f(weight, rows.at(0)), f(weight, rows.at(1))]),
    );
    expectNear(
      vmap(f, { inAxes: [null, 1] })(weight, rows.transpose()),
      stack([f(weight, rows.at(0)), f(weight, rows.at(1))]),
    );
    const inside = (w: Tensor): Tensor =>
      scan(
        (c: Tensor, x: Tensor) => [vmap((e: Tensor) => sin(e).mul(w).add(x))(c), null],
        [0.1, 0.2],
        inputs,
      )[0].sum();
    const plain = (w: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [sin(c).mul(w).add(x), null], [0.1, 0.2], inputs)[0].sum();
    expectNear(inside(weight), plain(weight));
    expectNear(grad(grad(inside))(weight), grad(grad(plain))(weight));
  });

  test("nests, and the inner loop reads carries and constants of the outer", () => {
    const matrix = tensor([
      [1, 2, 3],
      [-1, 0.5, 2],
    ]);
    const f = (w: Tensor, rows: Tensor): Tensor => {
      const outer = (c: Tensor, row: Tensor): [Tensor, Tensor] => {
        const [d, ys] = scan((d: Tensor, x: Tensor) => [sin(d).mul(w).add(x.mul(c)), d.mul(c)], c, row);
        return [d, ys.sum()];
      };
      const [last, ys] = scan(outer, tensor(0.2), rows);
      return last.add(ys.square().sum());
    };
    checkGrads(f, [weight, matrix]);
    expectNear(jit(grad(f))(weight, matrix), grad(f)(weight, matrix));
    expectNear(vmap(grad(f), { inAxes: [0, null] })([0.7, 0.1], matrix).at(0), grad(f)(weight, matrix));
  });

  test("runs inside jit, jit inside it, and a gradient inside it", () => {
    const newton = (c: Tensor, x: Tensor): [Tensor, null] => {
      const [value, slope] = valueAndGrad((r: Tensor) => r.square().sub(x))(c);
      return [c.sub(value.div(slope)), null];
    };
    const root = (x: Tensor): Tensor => scan(newton, tensor(1), stack(Array.from({ length: 8 }, () => x)))[0];
    expect(root(tensor(2)).item()).toBeCloseTo(Math.SQRT2, 14);
    expect(jit(root)(2).item()).toBe(root(tensor(2)).item());
    expect(grad(root)(2).item()).toBeCloseTo(0.5 / Math.SQRT2, 12);
    const g = jit((c: Tensor, x: Tensor) => cos(c).add(x));
    expect(scan((c: Tensor, x: Tensor) => [g(c, x), null], 0, inputs)[0].item()).toBe(
      scan((c: Tensor, x: Tensor) => [cos(c).add(x), null], 0, inputs)[0].item(),
    );
  });

  test("carries and gives nested values, of which some may be unused", () => {
    interface Carry {
      readonly sum: Tensor;
      readonly parts: readonly [Tensor, Tensor];
    }
    const start = { sum: tensor(0), parts: [tensor(1), tensor([1, 2])] } as const;
    const run = (s: Tensor): readonly [Carry, { readonly a: Tensor; readonly unused: Tensor }] =>
      scan(
        (c: Carry, x: Tensor) => [
          { sum: c.sum.add(x.mul(s)), parts: [c.parts[0].mul(x), c.parts[1]] as const },
          { a: c.sum.mul(s), unused: sin(c.sum) },
        ],
        start,
        inputs,
      );
    const [last, ys] = run(tensor(2));
    expect(last.sum.item()).toBe(3.5);
    expect(last.parts[1].tolist()).toEqual([1, 2]);
    expect(ys.a.tolist()).toEqual([0, 2, -2, 6]);
    expect(grad((s) => run(s)[1].a.sum())(2).item()).toBe(2 * 3); // Σ c_i is s²-fold
    expect(grad((s) => run(s)[0].parts[0])(2).item()).toBe(0);
    // only what is used remains in the program
    const program = printProgram(makeProgram((s: Tensor) => grad((t: Tensor) => run(t)[1].a.sum())(s))(2));
    expect(program).toContain("scan");
  });

  test("a carry that starts as a plain number takes the dtype that the step gives it", () => {
    const halves = tensor([0.5, 0.25], { dtype: "float32" });
    const [total] = scan((c: Tensor, x: Tensor) => [c.add(x), null], 0, halves);
    expect(total.dtype).toBe("float32");
    const [count] = scan((c: Tensor, x: Tensor) => [c.add(x), null], 0, tensor([1, 2], { dtype: "int32" }));
    expect(count.item()).toBe(3);
    expect(grad((x: Tensor) => scan((c: Tensor, y: Tensor) => [c.add(y), null], 0, x)[0])(halves).dtype).toBe(
      "float32",
    );
  });

  test("a carry that starts as a number without an exact float32 value becomes float32", () => {
    const half = tensor(0.5, { dtype: "float32" });
    const [end] = scan((carry: Tensor) => [carry.mul(half), null], 0.1, null, { length: 2 });
    expect(end.dtype).toBe("float32");
    expect(end.item()).toBe(Math.fround(0.1) / 4);
  });

  test("a loop of no steps in segments returns its start", () => {
    const run = (x: Tensor): Tensor =>
      scan((carry: Tensor) => [sin(carry), null], x, null, { length: 0, checkpoint: true })[0];
    expect(run(tensor(2)).item()).toBe(2);
    expect(grad(run)(2).item()).toBe(1);
  });

  test("a carry may come back with its keys in another order", () => {
    interface Two {
      readonly a: Tensor;
      readonly b: Tensor;
    }
    const [last] = scan(
      ({ a, b }: Two, x: Tensor): [Two, null] => [{ b: b.add(x), a: a.mul(2) }, null],
      { a: 1, b: 0 },
      inputs,
    );
    expect(Object.keys(last)).toEqual(["a", "b"]);
    expect([last.a.item(), last.b.item()]).toEqual([16, 1.75]);
  });

  test("counts steps without xs, and runs none", () => {
    expect(scan((c: Tensor) => [c.mul(2), c], 1, null, { length: 4 })[1].tolist()).toEqual([1, 2, 4, 8]);
    const [last, ys] = scan((c: Tensor, x: Tensor) => [c.add(x), x], 5, new Float64Array(0));
    expect([last.item(), ys.shape]).toEqual([5, [0]]);
    expect(
      grad((a) => scan((c: Tensor, x: Tensor) => [c.mul(x), null], a, new Float64Array(0))[0])(5).item(),
    ).toBe(1);
  });

  test("wrong steps are refused, with the way out", () => {
    const id = (c: Tensor): [Tensor, null] => [c, null];
    expect(() => scan(id, 0, null)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: without xs, give the number of steps: scan(f, carry, null, { length: 100 }).]`,
    );
    expect(() => scan(id, 0, null, { length: 2.5 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: length must be an integer from 0 to 2147483647, got 2.5.]`,
    );
    expect(() => scan(id, 0, inputs, { length: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: xs and length disagree on the number of steps: 4, 3.]`,
    );
    expect(() => scan(id, 0, 3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: xs must have a leading axis to step along, got f64[].]`,
    );
    expect(() => scan(id, 0, inputs, { reversed: true } as object)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: unknown option "reversed". Did you mean "reverse"?]`,
    );
    expect(() =>
      scan((c: Tensor) => c as unknown as [Tensor, null], 0, inputs),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: the step must return [carry, y]; return [carry, null] where there is no y.]`,
    );
    expect(() =>
      scan((c: Tensor, x: Tensor) => [stack([c, x]), null], 0, inputs),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: the carry starts as f64[] but is f64[2] after a step; it must keep its type.]`,
    );
    expect(() =>
      scan(
        (c: Tensor, x: Tensor) => [c.astype("float64").add(x), null],
        tensor(0, { dtype: "int32" }),
        inputs,
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: the carry starts as i32[] but is f64[] after a step; it must keep its type.]`,
    );
    expect(() =>
      scan((c: { a: Tensor }) => [{ b: c.a } as unknown as { a: Tensor }, null], { a: 0 }, inputs),
    ).toThrowErrorMatchingInlineSnapshot(`[DownhillError: scan: the carry after a step lacks "a".]`);
  });
});

describe("the gradient of an indexed read in a loop", () => {
  /** Σ over steps of (w[i] · x)², reading one element of w a step. */
  const loss = (w: Tensor, xs: Tensor, places: Tensor): Tensor =>
    scan(
      ({ sum }: { sum: Tensor }, { x, i }: { x: Tensor; i: Tensor }) => [
        { sum: sum.add(w.at(i).mul(x).square()) },
        null,
      ],
      { sum: 0 },
      { x: xs, i: places },
    )[0].sum;
  const places = (n: number): Tensor => tensor(Int32Array.from({ length: n }, (_, i) => (i * 7) % n));
  const sizes = [100, 1_000, 10_000];

  test("writes as many elements a step for 100, 1,000 and 10,000 steps", () => {
    const perStep = sizes.map((n) => {
      const backend = countingInterp();
      const data = ones([n]);
      const program = makeProgram((w: Tensor, xs: Tensor, i: Tensor) => grad(loss)(w, xs, i))(
        ones([n]),
        data,
        places(n),
      );
      const executable = compileProgram(program, backend);
      backend.reset();
      const [g] = executable.run([ones([n]), data, places(n)].map((x) => x.slot!));
      expect(g!.data()[5]).toBe(2);
      return backend.counts.stores / n;
    });
    expect(perStep[0]).toBeLessThan(20);
    expect(Math.abs(perStep[2]! - perStep[0]!)).toBeLessThan(1);
    expect(Math.abs(perStep[2]! - perStep[1]!)).toBeLessThan(0.1);
  });

  afterAll(() => installEvaluator(evaluate));

  test.each([
    ["a scan", (n: number) => grad(loss)(ones([n]), ones([n]), places(n))],
    [
      "a plain loop",
      (n: number) =>
        grad((w: Tensor) => {
          let total = tensor(0);
          for (let i = 0; i < n; i++) total = total.add(w.at((i * 7) % n).square());
          return total;
        })(ones([n])),
    ],
  ])("does so eagerly too, in %s", (_, gradient) => {
    const perStep = sizes.map((n) => {
      const backend = countingInterp();
      const kernels = new Map<string, Executable>();
      const ids = new Map<Primitive, number>();
      // evaluates as the runtime does, but counts
      installEvaluator((prim, ins, params) => {
        const [inPlace] = (prim.lowering.kind === "loops" && prim.lowering.inPlace?.(params)) || [];
        const donated = ins.map((x, i) => i === inPlace?.operand && x.exclusive);
        if (!ids.has(prim)) ids.set(prim, ids.size);
        const key = `${ids.get(prim)!} ${paramsKey(params, hashProgram)} ${donated.join()} ${ins.map((x) => typeKey(x.type)).join()}`;
        let kernel = kernels.get(key);
        if (kernel === undefined) {
          const { program } = traceProgram(
            prim.name,
            ins.map((x) => x.type),
            (...xs) => bind(prim, xs, params),
          );
          kernels.set(key, (kernel = compileProgram(program, backend, donated)));
        }
        return kernel.run(ins.map((x) => x.slot!));
      });
      const g = gradient(n);
      expect(g.data()[5]).toBe(2);
      return backend.counts.stores / n;
    });
    expect(perStep[0]).toBeLessThan(20);
    expect(Math.abs(perStep[2]! - perStep[0]!)).toBeLessThan(1);
  });
});

describe("pullbacks of loops", () => {
  test("give cotangents for the carry, the constants and the xs, whatever is asked for", () => {
    const f = (w: Tensor, c: Tensor, xs: Tensor): { last: Tensor; ys: Tensor } => {
      const [last, ys] = scan((carry: Tensor, x: Tensor) => [carry.mul(w).add(x), carry.mul(x)], c, xs);
      return { last, ys };
    };
    const [, pullback] = vjp(f, 0.5, 2, [1, 2]);
    // c0 = 2, c1 = 2, c2 = 3; ys = 2, 4
    expect(pullback({ last: 1, ys: [0, 0] }).map((g) => g.tolist())).toEqual([3, 0.25, [0.5, 1]]);
    expect(pullback({ last: 0, ys: [1, 0] }).map((g) => g.tolist())).toEqual([0, 1, [2, 0]]);
    expect(pullback({ last: 0, ys: [0, 1] }).map((g) => g.tolist())).toEqual([4, 1, [2, 2]]);
  });
});
