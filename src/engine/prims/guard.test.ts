import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  at,
  cond,
  dynamicUpdateSlice,
  foriLoop,
  grad,
  greater,
  jit,
  less,
  log,
  scatterAdd,
  scatterAddAlongAxis,
  stack,
  tensor,
  vmap,
  whileLoop,
} from "downhill";

const double = jit((x: Tensor, value: Tensor) => scatterAdd(x, [1], value.reshape([1])));

/** Functions of x and p with a branch, and a description of its sides. */
const branches: readonly (readonly [string, (x: Tensor, p: Tensor) => Tensor])[] = [
  [
    "one side writes a block, the other adds to elements",
    (x, p) =>
      cond(
        greater(p, 0),
        () => dynamicUpdateSlice(x, p.mul(at(x, 0)).reshape([1]), [2]),
        () => scatterAdd(x, [1, 1], scaled(x, p)),
      ),
  ],
  [
    "one side does not change the array",
    (x, p) =>
      cond(
        greater(p, 0),
        () => scatterAdd(x, [-1], p.reshape([1])),
        () => x,
      ),
  ],
  [
    "the array is changed twice and read in between",
    (x, p) =>
      cond(
        greater(p, 0),
        () => {
          const y = scatterAdd(x, [0], p.reshape([1]));
          return dynamicUpdateSlice(y, at(y, 0).mul(at(x, 3)).reshape([1]), [1]);
        },
        () => scatterAddAlongAxis(x, [3], p.reshape([1]), { axis: 0 }),
      ),
  ],
  [
    "sides change it in loops, branches and functions with jit",
    (x, p) =>
      cond(
        greater(p, 0),
        () =>
          foriLoop(
            0,
            3,
            (i, y) =>
              cond(
                less(i, 2),
                () => scatterAdd(y, i.reshape([1]), p.reshape([1])),
                () => y,
              ),
            x,
          ),
        () => double(x, p),
      ),
  ],
  [
    "a side that is not chosen has no finite values",
    (x, p) =>
      cond(
        greater(p, 0),
        () => dynamicUpdateSlice(x, log(p).reshape([1]), [0]),
        () => dynamicUpdateSlice(x, log(p.neg()).reshape([1]), [1]),
      ),
  ],
  [
    "a side loops until the array meets a condition",
    (x, p) =>
      cond(
        greater(p, 0),
        () => {
          const y = dynamicUpdateSlice(x, p.reshape([1]), [0]);
          return whileLoop(
            (z) => less(at(z, 0), 3),
            (z) => scatterAdd(z, [0], [1]),
            y,
          );
        },
        () => x,
      ),
  ],
  [
    "sides return other arrays than their operands",
    (x, p) =>
      cond(
        greater(p, 0),
        () => x.mul(p),
        () => scatterAdd(x, [0], [1]),
      ),
  ],
];

function scaled(x: Tensor, p: Tensor): Tensor {
  return stack([p, at(x, 2).mul(p)]);
}

describe("under vmap with a batched predicate, where", () => {
  const xs = tensor([
    [1, -0, 3, -4],
    [0.5, 2, -0, 1],
    [-0, -0, 2, 2],
    [5, 6, 7, -0],
  ]);
  const ps = tensor([2, -1, 0.25, -3]);
  const items = [0, 1, 2, 3];

  test.each(branches)("%s, every item has the bits of a separate call", (_, f) => {
    const alone = items.map((i) => f(at(xs, i), at(ps, i)).tolist());
    expect(vmap(f)(xs, ps).tolist()).toEqual(alone);
    expect(jit(vmap(f))(xs, ps).tolist()).toEqual(alone);
    expect(vmap((p: Tensor) => f(at(xs, 0), p))(ps).tolist()).toEqual(
      items.map((i) => f(at(xs, 0), at(ps, i)).tolist()),
    );
  });

  test.each(branches.filter(([name]) => !name.includes("until")))("%s, derivatives too", (_, f) => {
    const loss = (x: Tensor, p: Tensor): Tensor => f(x, p).square().sum();
    const values = (x: Tensor): number[] => [...x.data()].map((value) => value + 0); // zeros may have another sign
    for (const argnums of [0, 1]) {
      const gradient = grad(loss, { argnums });
      const alone = values(stack(items.map((i) => gradient(at(xs, i), at(ps, i)))));
      const ofAll = grad((x: Tensor, p: Tensor) => vmap(loss)(x, p).sum(), { argnums });
      expect(values(vmap(gradient)(xs, ps))).toEqual(alone);
      expect(values(ofAll(xs, ps))).toEqual(alone);
    }
  });
});
