// Random programs over scalars, vectors, matrices and integers, with loops and calls. They run operation by operation,
// as a whole by each backend, optimised and not, jitted, batched, and differentiated by both modes in each of these
// ways. All results must agree.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { grad, jit, jvp, scan, tensor, vjp, vmap } from "downhill";
import { interpBackend } from "../src/engine/backends/interp/index.ts";
import { jsBackend } from "../src/engine/backends/js/index.ts";
import { wasmBackend } from "../src/engine/backends/wasm/index.ts";
import { traceProgram } from "../src/engine/trace/staging.ts";
import { extent } from "./support/extent.ts";
import { runPlain } from "./support/run-plain.ts";

/** The values computed so far, by kind. They stay near 1, so that nothing overflows. */
interface Pool {
  readonly scalars: Tensor[]; // []
  readonly vectors: Tensor[]; // [3]
  readonly matrices: Tensor[]; // [2, 3]
  readonly places: Tensor[]; // int32 []
}

type Pick = <T>(list: readonly T[]) => T;
type Rule = (pool: Pool, pick: Pick) => void;

const tame = (x: Tensor): Tensor => d.sin(x);
/** An index along an axis of three: outside of compiled code an index beyond the end is an error. */
const within = (place: Tensor): Tensor => d.rem(place, 3);

const rules: readonly Rule[] = [
  ({ scalars }, pick) => scalars.push(pick(scalars).add(pick(scalars)).mul(0.5)),
  ({ scalars }, pick) => scalars.push(tame(pick(scalars).mul(pick(scalars)).mul(3))),
  ({ scalars, vectors }, pick) => scalars.push(pick(vectors).sum().mul(0.3)),
  ({ scalars, vectors }, pick) => scalars.push(tame(d.dot(pick(vectors), pick(vectors)))),
  ({ scalars, vectors, places }, pick) => scalars.push(pick(vectors).at(within(pick(places)))),
  ({ scalars, matrices }, pick) => scalars.push(d.mean(pick(matrices))),
  ({ scalars, vectors }, pick) => scalars.push(d.max(pick(vectors)).sub(pick(scalars)).mul(0.5)),
  ({ scalars, vectors }, pick) => vectors.push(pick(vectors).mul(pick(scalars)).add(pick(vectors)).mul(0.5)),
  ({ vectors }, pick) =>
    vectors.push(d.where(d.less(pick(vectors), pick(vectors)), pick(vectors), tame(pick(vectors)))),
  ({ vectors }, pick) => vectors.push(d.softmax(pick(vectors).mul(2))),
  ({ vectors }, pick) => vectors.push(d.flip(pick(vectors))),
  ({ vectors }, pick) => vectors.push(d.concatenate([pick(vectors).slice(1), pick(vectors).slice(0, 1)])),
  ({ vectors, scalars }, pick) => vectors.push(d.stack([pick(scalars), pick(scalars), pick(scalars)])),
  ({ vectors, places, scalars }, pick) =>
    vectors.push(
      d.scatterAdd(pick(vectors).mul(0.5), within(pick(places)).reshape([1]), pick(scalars).mul(0.5)),
    ),
  ({ vectors, matrices }, pick) =>
    vectors.push(d.matmul(pick(matrices).transpose(), d.matmul(pick(matrices), pick(vectors))).mul(0.1)),
  ({ vectors, matrices }, pick) => vectors.push(pick(matrices).sum({ axis: 0 }).mul(0.4)),
  ({ vectors, matrices }, pick) => vectors.push(pick(matrices).at(pick([0, 1, -1]))),
  ({ vectors, matrices }, pick) =>
    matrices.push(pick(matrices).mul(pick(vectors)).add(pick(matrices)).mul(0.4)),
  ({ vectors, matrices }, pick) => matrices.push(d.stack([pick(vectors), pick(vectors)])),
  ({ matrices }, pick) => matrices.push(pick(matrices).reshape([3, 2]).transpose()),
  ({ matrices }, pick) => matrices.push(tame(d.slice(pick(matrices), null, [0, 3]))),
  ({ matrices }, pick) => matrices.push(d.logSoftmax(pick(matrices), { axis: 0 }).mul(0.3)),
  ({ places }, pick) =>
    places.push(
      pick(places)
        .add(pick([1, 2]))
        .sub(1),
    ),
  ({ places, vectors }, pick) => places.push(d.argmax(pick(vectors), { axis: 0 })),
  // loops: a carry and ys; a carry that reads a constant; one in reverse; one in another
  ({ scalars, vectors }, pick) => {
    const [w, c, xs] = [pick(scalars), pick(scalars), pick(vectors)];
    const [last, ys] = scan((carry: Tensor, x: Tensor) => [tame(carry.mul(w).add(x)), carry.mul(x)], c, xs, {
      reverse: pick([true, false]),
    });
    scalars.push(last);
    vectors.push(ys);
  },
  ({ vectors, matrices, scalars }, pick) => {
    const [w, c, xs] = [pick(vectors), pick(vectors), pick(matrices)];
    const [last, ys] = scan(
      ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => [
        { a: b.mul(0.9), b: a.mul(w).add(x).mul(0.5) },
        d.dot(a, x).mul(0.2),
      ],
      { a: c, b: w },
      xs,
    );
    vectors.push(last.a);
    scalars.push(ys.sum());
  },
  ({ vectors, matrices }, pick) => {
    const [c, xs] = [pick(vectors), pick(matrices)];
    const inner = (carry: Tensor, row: Tensor): Tensor =>
      scan((e: Tensor, x: Tensor) => [tame(e.mul(x)), null], carry.sum(), row)[0];
    vectors.push(scan((carry: Tensor, row: Tensor) => [carry.mul(inner(carry, row)), null], c, xs)[0]);
  },
  // calls and transforms inside
  ({ scalars }, pick) =>
    scalars.push(jit((a: Tensor, b: Tensor) => tame(a.add(b)).mul(b))(pick(scalars), pick(scalars))),
  ({ scalars, vectors }, pick) => {
    const x = pick(vectors);
    vectors.push(grad((a: Tensor) => tame(a.mul(x)).sum().mul(pick(scalars)))(pick(vectors)));
  },
  ({ vectors, matrices }, pick) => {
    const w = pick(vectors);
    matrices.push(vmap((row: Tensor) => tame(row).mul(w))(pick(matrices)));
  },
  // control flow: a choice that both sides see, a count that a test ends, loops by number, values computed again
  ({ scalars, vectors }, pick) => {
    const [a, b, v] = [pick(scalars), pick(scalars), pick(vectors)];
    const [x, y] = d.cond(
      d.less(a, b),
      () => [tame(v.mul(a)), b] as const,
      () => [v.mul(0.5), tame(a.mul(b))] as const,
    );
    vectors.push(x);
    scalars.push(y);
  },
  ({ places }, pick) => {
    const step = pick([1, 2]);
    places.push(
      d.whileLoop(
        (i) => d.less(i, 2),
        (i) => i.add(step),
        pick(places),
      ),
    );
  },
  ({ scalars, vectors }, pick) => {
    const w = pick(scalars);
    const [from, to] = [pick([0, 1]), pick([1, 4])];
    vectors.push(d.foriLoop(from, to, (i, c) => tame(c.mul(w).add(i)), pick(vectors)));
  },
  ({ scalars, vectors }, pick) =>
    scalars.push(
      d.checkpoint(
        (v: Tensor, a: Tensor) =>
          tame(tame(v.mul(a)).mul(v))
            .sum()
            .mul(0.3),
        {
          policy: pick(["nothing", "products"]),
        },
      )(pick(vectors), pick(scalars)),
    ),
  ({ scalars, matrices }, pick) => {
    const options = { checkpoint: pick([true, 2]), reverse: pick([true, false]) };
    const [last, ys] = scan(
      (c: Tensor, row: Tensor) => [tame(c.mul(d.dot(row, row))), c.mul(row)],
      pick(scalars),
      pick(matrices),
      options,
    );
    scalars.push(last);
    matrices.push(ys);
  },
  ({ scalars }, pick) => {
    const own = d.customJvp(
      (a: Tensor, b: Tensor) => tame(a).mul(b),
      ([a, b], [da, db]) => [tame(a).mul(b), d.cos(a).mul(b).mul(da).add(tame(a).mul(db))],
    );
    scalars.push(own(pick(scalars), pick(scalars)));
  },
  ({ vectors, scalars }, pick) => {
    const own = d.customVjp(
      (v: Tensor, a: Tensor) => v.mul(tame(a)),
      (v, a) => [v.mul(tame(a)), { v, a }],
      ({ v, a }, ct) => [ct.mul(tame(a)), ct.mul(v).sum().mul(d.cos(a))],
    );
    vectors.push(own(pick(vectors), pick(scalars)));
  },
  // windows, and computed indices
  ({ vectors, matrices }, pick) => {
    const weight = pick(vectors).slice(0, 2).reshape([1, 1, 2]);
    const out = d.conv(pick(matrices).reshape([2, 1, 3]), weight, {
      padding: "same",
      dilation: pick([1, 2]),
    });
    matrices.push(out.reshape([2, 3]).mul(0.4));
  },
  ({ vectors, matrices }, pick) => {
    const image = pick(matrices).reshape([1, 1, 2, 3]);
    const options = { stride: 1, padding: [0, 1] };
    const pool = pick([d.maxPool, d.avgPool]);
    vectors.push(pool(image, [2, 3], options).reshape([3]).mul(0.7));
  },
  ({ vectors, places }, pick) => {
    const [v, i] = [pick(vectors), pick(places)];
    vectors.push(d.dynamicUpdateSlice(v, d.dynamicSlice(v, [i], [2]).mul(-0.5), [i.mul(i)]));
  },
  ({ matrices, places }, pick) => {
    const rows = within(d.stack([pick(places), pick(places)])).reshape([2, 1]);
    matrices.push(
      d.scatterAddAlongAxis(
        pick(matrices).mul(0.5),
        rows,
        d.takeAlongAxis(pick(matrices), rows, { axis: 1 }),
        {
          axis: 1,
        },
      ),
    );
  },
  ({ vectors, matrices }, pick) =>
    vectors.push(
      d
        .cumsum(d.einsum("ij,kj->k", pick(matrices), pick(matrices)).mul(0.1), { axis: 0 })
        .sum()
        .mul(pick(vectors)),
    ),
];

type Choice = { readonly rule: number; readonly picks: readonly number[] };
const choices = fc.array(
  fc.record({
    rule: fc.nat(rules.length - 1),
    picks: fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
  }),
  {
    minLength: 1,
    maxLength: 10,
  },
);
const ends = fc.array(fc.nat(1000), { minLength: 2, maxLength: 2 });

/** The function of a list of choices: from a scalar, a vector and a matrix to a scalar and a vector. */
const build =
  (list: readonly Choice[], end: readonly number[]) =>
  (s: Tensor, v: Tensor, m: Tensor): [Tensor, Tensor] => {
    const pool: Pool = { scalars: [s], vectors: [v], matrices: [m], places: [tensor(1, { dtype: "int32" })] };
    for (const { rule, picks } of list) {
      let next = 0;
      rules[rule]!(pool, (options) => options[picks[next++ % picks.length]! % options.length]!);
    }
    // the latest values contribute, so that little code is dead
    const scalar = pool.scalars.at(-1)!.add(pool.vectors.at(-1)!.sum()).add(pool.matrices.at(-1)!.mean());
    return [
      scalar.add(pool.scalars[end[0]! % pool.scalars.length]!),
      pool.vectors[end[1]! % pool.vectors.length]!.add(pool.vectors.at(-1)!),
    ];
  };

const point = [
  tensor(0.7),
  tensor([0.5, -1.25, 0.9]),
  tensor([
    [1, 0.75, -0.5],
    [-0.25, 0.3, 0.6],
  ]),
] as const;
const directions = [
  tensor(0.3),
  tensor([1, -0.5, 0.2]),
  tensor([
    [0.1, -1, 0.4],
    [0.6, 0.2, -0.3],
  ]),
] as const;
const cotangents: [Tensor, Tensor] = [tensor(0.8), tensor([-0.4, 0.9, 0.5])];

const bits = (xs: readonly Tensor[]): string =>
  JSON.stringify(xs.map((x) => Array.from(x.data(), (value) => (Object.is(value, -0) ? "-0" : value))));

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  actual.forEach((x, k) => {
    expect(x.shape).toEqual(expected[k]!.shape);
    const numbers = expected[k]!.data();
    x.data().forEach((value, i) =>
      expect(Math.abs(value - numbers[i]!)).toBeLessThan(1e-11 * Math.max(1, Math.abs(numbers[i]!))),
    );
  });
}

const inner = (xs: readonly Tensor[], ys: readonly Tensor[]): number =>
  xs.reduce((sum, x, i) => sum + x.mul(ys[i]!).sum().item(), 0);

type Three = readonly [Tensor, Tensor, Tensor];

describe("random programs", () => {
  test("have the same bits by every backend, with and without passes, and jitted", () => {
    fc.assert(
      fc.property(choices, ends, (list, end) => {
        const f = build(list, end);
        const derivative = (...all: Tensor[]): Tensor[] =>
          vjp(f, ...(all as unknown as Three))[1](cotangents);
        for (const g of [f as (...xs: Tensor[]) => Tensor[], derivative]) {
          const expected = bits(g(...point));
          const { program, captured } = traceProgram(
            "f",
            point.map((x) => x.type),
            g,
          ); // constants come first
          for (const backend of [interpBackend, jsBackend, wasmBackend])
            expect(bits(runPlain(program, backend, [...captured, ...point])), backend.name).toBe(expected);
          expect(bits(jit((...xs: Tensor[]) => g(...xs))(...point)), "jit").toBe(expected);
        }
      }),
      { numRuns: extent(8, 400), seed: 1 },
    );
  });

  test("have adjoint forward and reverse modes, jitted or not, inside and outside", () => {
    fc.assert(
      fc.property(choices, ends, (list, end) => {
        const f = build(list, end);
        const [, tangents] = jvp(f, point, directions);
        const gradients = vjp(f, ...point)[1](cotangents) as unknown as Tensor[];
        const [forwards, backwards] = [inner(cotangents, tangents), inner(gradients, directions)];
        expect(Math.abs(forwards - backwards)).toBeLessThan(1e-10 * Math.max(1, Math.abs(forwards)));
        const jitted = jit(f);
        expectClose(jvp(jitted, point, directions)[1], tangents);
        expectClose(vjp(jitted, ...point)[1](cotangents), gradients);
        expectClose(jit((...xs: Three) => jvp(jitted, xs, directions)[1])(...point), tangents);
      }),
      { numRuns: extent(7, 300), seed: 2 },
    );
  });

  test("equal over batches their results item by item, and so do their derivatives", () => {
    const batch = point.map((x) => d.stack([x, x.mul(0.9), x.mul(1.05)])) as unknown as Three;
    const item = (i: number): Three => batch.map((x) => x.at(i)) as unknown as Three;
    fc.assert(
      fc.property(choices, ends, (list, end) => {
        const f = build(list, end);
        const gradient = (...xs: Three): Tensor[] => vjp(f, ...xs)[1](cotangents);
        for (const g of [f as (...xs: Three) => Tensor[], gradient]) {
          const expected = [0, 1, 2].map((i) => g(...item(i)));
          const stacked = expected[0]!.map((_, k) => d.stack(expected.map((outs) => outs[k]!)));
          expectClose(vmap(g)(...batch), stacked);
          expectClose(jit(vmap(g))(...batch), stacked);
        }
      }),
      { numRuns: extent(5, 250), seed: 3 },
    );
  });

  test("have symmetric second derivatives, by every mode over every mode", () => {
    fc.assert(
      fc.property(choices, ends, (list, end) => {
        const f = build(list, end);
        const total = (...xs: Three): Tensor => inner2(f(...xs));
        const along = directions;
        const reverseOverForward = grad((...xs: Three) => jvp(total, xs, along)[1], { argnums: [0, 1, 2] })(
          ...point,
        );
        const forwardOverReverse = jvp(
          (...xs: Three) => grad(total, { argnums: [0, 1, 2] })(...xs),
          point,
          along,
        )[1];
        const reverseOverReverse = grad(
          (...xs: Three) => dotAll(grad(total, { argnums: [0, 1, 2] })(...xs), along),
          { argnums: [0, 1, 2] },
        )(...point);
        expectClose(reverseOverForward, forwardOverReverse);
        expectClose(reverseOverReverse, forwardOverReverse);
        const twice = jvp((...xs: Three) => jvp(total, xs, along)[1], point, along)[1].item();
        expect(Math.abs(twice - inner(forwardOverReverse, along))).toBeLessThan(
          1e-10 * Math.max(1, Math.abs(twice)),
        );
      }),
      { numRuns: extent(5, 200), seed: 4 },
    );
  });
});

const dotAll = (xs: readonly Tensor[], ys: readonly Tensor[]): Tensor =>
  xs.map((x, i) => x.mul(ys[i]!).sum()).reduce((a, b) => a.add(b));
const inner2 = (xs: readonly Tensor[]): Tensor => dotAll(xs, cotangents);
