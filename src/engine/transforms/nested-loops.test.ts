// Control flow within control flow over arrays that are long enough for vectors: the same bits by every backend, and the
// derivatives that differences show.
import { beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  arange,
  cond,
  configure,
  conv,
  cumsum,
  equal,
  foriLoop,
  grad,
  jit,
  jvp,
  less,
  rem,
  scan,
  sin,
  sort,
  tensor,
  whileLoop,
} from "downhill";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { compileProgram } from "../runtime/executable.ts";
import { traceProgram } from "../trace/staging.ts";

beforeAll(() => configure({ reproducible: true }));

const x = sin(arange(64));
const w = tensor([0.2, 0.5, -0.3]);
const smooth = (a: Tensor, weight: Tensor): Tensor =>
  conv(a.reshape([1, 1, 64]), weight.reshape([1, 1, 3]), { padding: "same" }).reshape([64]);

/** A loop that ends by a test, of choices between a loop and a convolution; two carries change places. */
const whileOfConds = (start: Tensor, weight: Tensor): [Tensor, Tensor] => {
  const { a, b } = whileLoop(
    ({ i }) => less(i, 5),
    ({ i, a, b }) => {
      const [next, old] = cond(
        equal(rem(i, 2), 0),
        () => [scan((c: Tensor, t: Tensor) => [sin(c.mul(t).add(a)), null], b, arange(3))[0], a] as const,
        () => [smooth(a, weight), b.add(1)] as const,
      );
      return { i: i.add(1), a: old, b: next };
    },
    { i: tensor(0, { dtype: "int32" }), a: start, b: start.mul(0.5) },
  );
  return [a, b];
};

/** The same kind of steps, with a number that is known, so that reverse mode goes through them. */
const loss = (start: Tensor, weight: Tensor): Tensor => {
  const { a, b } = foriLoop(
    0,
    4,
    (i, carry: { a: Tensor; b: Tensor }) => {
      const [next, old] = cond(
        less(i, 2),
        () => [smooth(carry.a, weight), carry.a] as const,
        () => [sort(carry.b), cumsum(carry.a, { axis: 0 }).mul(0.05)] as const,
      );
      return { a: next, b: old };
    },
    { a: start, b: start.mul(0.5) },
    { checkpoint: true },
  );
  return a.mul(b).sum();
};

describe("control flow within control flow", () => {
  test("has the same bits eagerly, jitted and by each backend", () => {
    const types = [x.type, w.type];
    const { program, captured } = traceProgram("f", types, (a, b) => whileOfConds(a, b));
    const slots = [...captured, x, w].map((t) => t.slot!);
    const expected = compileProgram(program, interpBackend)
      .run(slots)
      .map((t) => t.tolist());
    expect(compileProgram(program, jsBackend).run(slots).map((t) => t.tolist())).toEqual(expected); // prettier-ignore
    expect(jit(whileOfConds)(x, w).map((t) => t.tolist())).toEqual(expected);
    expect(whileOfConds(x, w).map((t) => t.tolist())).toEqual(expected);
  });

  test("has the tangents that differences show", () => {
    const tangents = jvp(whileOfConds, [x, w], [x, w])[1];
    const jitted = jit((a: Tensor, b: Tensor) => jvp(whileOfConds, [a, b], [a, b])[1])(x, w);
    const step = 1e-6;
    const [ahead, behind] = [1 + step, 1 - step].map((factor) => whileOfConds(x.mul(factor), w.mul(factor)));
    tangents.forEach((t, k) => {
      expect(jitted[k]!.tolist()).toEqual(t.tolist());
      const slopes = ahead![k]!.sub(behind![k]!).div(2 * step).data(); // prettier-ignore
      t.data().forEach((value, i) => expect(value).toBeCloseTo(slopes[i]!, 6));
    });
  });

  test("has gradients through checkpoints, eagerly and jitted", () => {
    const both = { argnums: [0, 1] } as const;
    const gradients = grad(loss, both)(x, w);
    const jitted = jit(grad(loss, both))(x, w);
    gradients.forEach((g, k) =>
      g.data().forEach((value, i) => expect(jitted[k]!.data()[i]!).toBeCloseTo(value, 11)),
    );
    const step = 1e-6;
    [0, 1, 2].forEach((place) => {
      const by = (size: number): number =>
        loss(x, add(w, tensor([0, 1, 2].map((i) => (i === place ? size : 0))))).item();
      expect(gradients[1].data()[place]).toBeCloseTo((by(step) - by(-step)) / (2 * step), 6);
    });
  });
});
