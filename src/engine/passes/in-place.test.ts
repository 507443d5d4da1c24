import { describe, expect, test } from "vitest";
import {
  at,
  checkpoint,
  cond,
  dynamicUpdateSlice,
  foriLoop,
  grad,
  greater,
  jit,
  less,
  makeProgram,
  ones,
  scan,
  scatterAdd,
  setAt,
  sin,
  tensor,
  vmap,
  whileLoop,
} from "downhill";
import type { Tensor } from "downhill";
import { countingInterp } from "../backends/interp/index.ts";
import { compileProgram } from "../runtime/executable.ts";

/** Number of elements that the compiled function stores for an array of n elements. */
function storesFor(f: (x: Tensor) => Tensor, n: number): number {
  const backend = countingInterp();
  const x = ones([n]);
  const executable = compileProgram(makeProgram(f)(x), backend);
  backend.reset();
  executable.run([x.slot!]);
  return backend.counts.stores;
}

/** A sum over all i of a term that reads x in a loop. */
const total = (n: number, term: (i: Tensor, sum: Tensor) => Tensor): Tensor => foriLoop(0, n, term, 0);
const square = jit((x: Tensor, i: Tensor) => at(x, i).square());

/** The sum of a table of four rows whose elements are products of the element above and the one to the left. */
function filledTable(x: Tensor): Tensor {
  const columns = x.shape[0]! / 4;
  const fill = (i: Tensor, table: Tensor): Tensor =>
    foriLoop(
      1,
      columns,
      (j, t) => {
        const [above, before] = [t.at(i.sub(1)).at(j), t.at(i).at(j.sub(1))];
        return dynamicUpdateSlice(t, above.mul(before).reshape([1, 1]), [i, j]);
      },
      table,
    );
  return foriLoop(1, 4, fill, x.reshape([4, columns])).sum();
}

/** Elements of x, some squared and some added to their neighbours. */
function changedByBranches(x: Tensor): Tensor {
  return foriLoop(
    0,
    x.shape[0]!,
    (i, y) =>
      cond(
        greater(at(y, i), 0.5),
        () => dynamicUpdateSlice(y, at(y, i).square().reshape([1]), [i]),
        () =>
          foriLoop(
            0,
            2,
            (j, z) =>
              cond(
                less(j, i),
                () => scatterAdd(z, j.reshape([1]), at(z, i).reshape([1])),
                () => z,
              ),
            y,
          ),
      ),
    x,
  );
}

describe("loops that copied a whole array per step take equally many stores per step for any length", () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    [
      "a carry of an outer loop that an inner one changes",
      (x) =>
        foriLoop(
          0,
          x.shape[0]!,
          (i, y) => foriLoop(0, 3, (_, z) => scatterAdd(z, i.reshape([1]), ones([1])), y),
          x,
        ),
    ],
    [
      "one that a while loop changes",
      (x) =>
        foriLoop(
          0,
          x.shape[0]!,
          (i, y) =>
            whileLoop(
              ({ k }) => less(k, 2),
              ({ k, z }) => ({ k: k.add(1), z: scatterAdd(z, i.reshape([1]), ones([1])) }),
              { k: tensor(0, { dtype: "int32" }), z: y },
            ).z,
          x,
        ),
    ],
    [
      "one that a branch changes",
      (x) =>
        foriLoop(
          0,
          x.shape[0]!,
          (i, y) =>
            cond(
              less(i, 50),
              (z: Tensor) => scatterAdd(z, i.reshape([1]), ones([1])),
              (z: Tensor) => z,
              y,
            ),
          x,
        ),
    ],
    [
      "one that an inner loop passes through unchanged, and its gradient",
      grad((x: Tensor) =>
        total(
          x.shape[0]!,
          (i, s) =>
            foriLoop(0, 3, (j, c: { y: Tensor; s: Tensor }) => ({ y: c.y, s: c.s.add(at(c.y, i).mul(j)) }), {
              y: x,
              s,
            }).s,
        ),
      ),
    ],
    [
      "one that a while loop passes through unchanged",
      (x) =>
        total(
          x.shape[0]!,
          (i, s) =>
            whileLoop(
              ({ k, y }) => less(k, at(y, i).add(2)),
              ({ k, y, s: sum }) => ({ k: k.add(1), y, s: sum.add(at(y, i)) }),
              { k: tensor(0), y: x, s },
            ).s,
        ),
    ],
    [
      "one that both sides of a branch return unchanged, and its gradient",
      grad(
        (x: Tensor) =>
          foriLoop(
            0,
            x.shape[0]!,
            (i, { y, s }: { y: Tensor; s: Tensor }) =>
              cond(
                greater(at(y, i), 0),
                (v: Tensor, sum: Tensor) => ({ y: v, s: sum.add(at(v, i).square()) }),
                (v: Tensor, sum: Tensor) => ({ y: v, s: sum }),
                y,
                s,
              ),
            { y: x, s: tensor(0) },
          ).s,
      ),
    ],
    [
      "one of which a row is read after a change",
      (x) => {
        const rows = x.shape[0]! / 4;
        return foriLoop(
          0,
          rows,
          (i, { y, s }: { y: Tensor; s: Tensor }) => {
            const row = at(y, i);
            const z = scatterAdd(y, i.reshape([1]), ones([1, 4]));
            return { y: z, s: s.add(row.mul(at(z, i)).sum()) };
          },
          { y: x.reshape([rows, 4]), s: tensor(0) },
        ).s;
      },
    ],
    ["a table that is filled from its other elements", filledTable],
    ["the gradient of that", grad(filledTable)],
    ["the gradient of its gradient", grad((x: Tensor) => grad(filledTable)(x).mul(x).sum())],
    [
      "the gradient of a read in a checkpoint",
      grad((x: Tensor) =>
        total(x.shape[0]!, (i, s) =>
          checkpoint((y: Tensor, c: Tensor) => c.add(at(y, i).mul(at(y, i).add(c))))(x, s),
        ),
      ),
    ],
    [
      "the gradient of a loop that keeps few of its steps",
      grad((x: Tensor) => foriLoop(0, x.shape[0]!, (i, s) => s.add(at(x, i).mul(s)), 1, { checkpoint: 4 })),
    ],
    [
      "arrays of a batch, whose items choose in a loop what is changed",
      (x) => vmap(changedByBranches)(x.reshape([2, x.shape[0]! / 2])),
    ],
    [
      "the gradients of these",
      (x) => vmap(grad((y: Tensor) => changedByBranches(y).sum()))(x.reshape([2, x.shape[0]! / 2])),
    ],
    [
      "the gradient of elements of a matrix, by row and column",
      grad((x: Tensor) => {
        const m = x.reshape([4, x.shape[0]! / 4]);
        return foriLoop(
          0,
          4,
          (i, s) => foriLoop(0, x.shape[0]! / 4, (j, t) => t.add(m.at(i).at(j).square()), s),
          0,
        );
      }),
    ],
    [
      "the gradient of two loops, one inside the other",
      grad((x: Tensor) =>
        total(x.shape[0]!, (i, s) => s.add(foriLoop(0, 3, (j, a) => a.add(at(x, i).mul(j)), 0).square())),
      ),
    ],
    [
      "the gradient of a read in a branch",
      grad((x: Tensor) =>
        total(x.shape[0]!, (i, s) =>
          s.add(
            cond(
              greater(at(x, i), 0),
              (v: Tensor) => at(v, i).square(),
              (v: Tensor) => at(v, i).mul(3),
              x,
            ),
          ),
        ),
      ),
    ],
    [
      "the gradient of a read in a function with jit",
      grad((x: Tensor) => total(x.shape[0]!, (i, s) => s.add(square(x, i)).add(at(x, i)))),
    ],
  ])("%s", (_, f) => {
    const [few, many] = [100, 800].map((n) => storesFor(f, n) / n);
    expect(many!).toBeLessThanOrEqual(1.1 * few!);
  });
});

describe("a result in the memory of an operand is right where the operand", () => {
  const xs = tensor([1, 2, 3]);

  test("is read again later", () => {
    const f = (x: Tensor): Tensor => {
      const y = x.mul(2);
      const z = foriLoop(0, 2, (_, w) => scatterAdd(w, [0], [10]), y);
      return z.add(y);
    };
    expect(jit(f)(xs).tolist()).toEqual([24, 8, 12]);
  });

  test("is two carries at once, which swap", () => {
    const f = (x: Tensor): Tensor => {
      const y = x.mul(2);
      const [[a, b]] = scan(
        ([p, q]: [Tensor, Tensor]) => [[scatterAdd(q, [0], [1]), p] as [Tensor, Tensor], null],
        [y, y] as [Tensor, Tensor],
        null,
        { length: 3 },
      );
      return a.mul(100).add(b);
    };
    // p, q: (2, 2), (3, 2), (3, 3), (4, 3)
    expect(jit(f)(xs).tolist()).toEqual([403, 404, 606]);
  });

  test("is read by one side of a branch after that side wrote its result", () => {
    const f = (x: Tensor, c: Tensor): Tensor => {
      const y = x.mul(2);
      const [z, s] = cond(
        c,
        (v: Tensor) => [scatterAdd(v, [0], [10]), v.sum()] as [Tensor, Tensor],
        (v: Tensor) => [v, v.sum()] as [Tensor, Tensor],
        y,
      );
      return z.add(s);
    };
    expect(jit(f)(xs, true as never).tolist()).toEqual([24, 16, 18]);
    expect(jit(f)(xs, false as never).tolist()).toEqual([14, 16, 18]);
  });

  test("is returned as another result of the branch", () => {
    const f = (x: Tensor, c: Tensor): Tensor => {
      const [a, b] = cond(
        c,
        (p: Tensor, q: Tensor) => [q, p] as [Tensor, Tensor],
        (p: Tensor, q: Tensor) => [p, q] as [Tensor, Tensor],
        x.mul(2),
        x.mul(3),
      );
      return a.mul(100).add(b);
    };
    expect(jit(f)(xs, true as never).tolist()).toEqual([302, 604, 906]);
    expect(jit(f)(xs, false as never).tolist()).toEqual([203, 406, 609]);
  });

  test("passes through a loop unchanged, next to carries that change", () => {
    const f = (x: Tensor): Tensor => {
      const [y, i, z] = scan(
        ([a, b, c]: [Tensor, Tensor, Tensor], s: Tensor) =>
          [[a, b.add(s), c.add(a.mul(b))] as [Tensor, Tensor, Tensor], null] as const,
        [x, 1, x.mul(0)] as unknown as [Tensor, Tensor, Tensor],
        [1, 2],
      )[0];
      return y.add(i.mul(10)).add(z.mul(100));
    };
    // z = x·1 + x·2, i = 4
    expect(f(xs).tolist()).toEqual([341, 642, 943]);
    expect(jit(f)(xs).tolist()).toEqual([341, 642, 943]);
    expect(grad((x: Tensor) => f(x).sum())(xs).tolist()).toEqual([301, 301, 301]);
  });

  test("is passed twice to a function with jit, whose derivatives add up", () => {
    const product = jit((p: Tensor, q: Tensor) => at(p, 0).mul(at(q, 1)));
    const f = (x: Tensor): Tensor => foriLoop(0, 2, (_, s) => s.add(product(x, x)).add(at(x, 2)), 0);
    expect(grad(f)(xs).tolist()).toEqual([4, 2, 2]);
    expect(jit(grad(f))(xs).tolist()).toEqual([4, 2, 2]);
  });
});

describe("values that become the result by in-place updates use the memory of the result", () => {
  // it was created elsewhere and copied: twice the memory and twice the stores
  const few = 20;

  test("zeros that a gradient is added to", () => {
    const read = grad((x: Tensor) => at(x, 1).mul(at(x, 2)));
    expect(storesFor(read, 1000)).toBeLessThan(1000 + few);
  });

  test("under another shape", () => {
    const changed = (x: Tensor): Tensor => setAt(sin(x).reshape([100, -1]), 0, 1, 1).reshape([-1]);
    expect(storesFor(changed, 1000)).toBeLessThan(1000 + few);
  });

  test("with the strides of its own shape", () => {
    // it was written by the strides of the result
    const read = (x: Tensor): Tensor => at(x, [2, 0, 1], [1, 3, 1]).mul([1, 10, 100]).sum();
    const x = ones([3, 4]);
    expect(jit(grad(read))(x).tolist()).toEqual(grad(read)(x).tolist());
  });

  test("not where it is read later, under any shape", () => {
    const f = jit((x: Tensor) => {
      const y = sin(x);
      const changed = setAt(y.reshape([2, 2]), 7, 1, 1).reshape([4]);
      return [changed, y.add(changed)];
    });
    const y = sin([1, 2, 3, 4]);
    expect(f([1, 2, 3, 4]).map((out) => out.tolist())).toEqual([
      setAt(y, 7, 3).tolist(),
      y.add(setAt(y, 7, 3)).tolist(),
    ]);
    const g = jit((x: Tensor) => {
      const zero = sin(x).mul(0);
      return [scatterAdd(zero, [1], [2]), scatterAdd(zero, [0], [3])];
    });
    expect(g([1, 2]).map((out) => out.tolist())).toEqual([
      [0, 2],
      [3, 0],
    ]);
  });
});
