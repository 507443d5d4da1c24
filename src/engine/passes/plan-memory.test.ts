import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  cond,
  exp,
  makeProgram,
  matmul,
  mul,
  ones,
  scan,
  scatterAdd,
  sin,
  sum,
  tanh,
  zeros,
} from "downhill";
import type { Program } from "../ir/program.ts";
import { makeTimeline, packArena, withCopies } from "./temporaries.ts";
import { fuse } from "./fuse.ts";
import { optimize } from "./pipeline.ts";
import type { MemoryPlan } from "./plan-memory.ts";
import { planMemory } from "./plan-memory.ts";
import { printMemoryPlan } from "./print-stages.ts";
import { makeNames } from "../kernel/fresh-names.ts";

function plan(program: Program, donated: readonly boolean[] = []): MemoryPlan {
  return planMemory(fuse(program), donated, makeNames());
}

const printed = (program: Program, donated: readonly boolean[] = []): string =>
  printMemoryPlan(fuse(program), plan(program, donated));

describe("a plan of memory", () => {
  test("reports when every array is alive and where it is stored", () => {
    const f = (x: Tensor, w: Tensor): Tensor => {
      const a = matmul(x, w); // [8, 16]
      const b = matmul(exp(a), tanh(w.reshape([16, 4]))); // [8, 4]
      return matmul(mul(sin(b), 2), w); // exp over a, sin over b
    };
    const program = optimize(makeProgram(f)(zeros([8, 4]), zeros([4, 16])));
    expect(printed(program)).toMatchInlineSnapshot(`
      "a:f64[8,16], steps 1 to 3: t
      b:f64[8,16], steps 3 to 5: t
      d:f64[16,4], steps 4 to 5: t_2
      e:f64[8,4], steps 5 to 6: t_3
      i:f64[8,4], steps 6 to 7: t_3
      j:f64[8,16], steps 7 to the end: result 0
      arena of 1792 bytes
        t: f64[128] at byte 0
        t_2: f64[64] at byte 1024
        t_3: f64[32] at byte 1536"
    `);
  });

  test("puts results in donated inputs that are no longer read", () => {
    const f = (w: Tensor, m: Tensor, g: Tensor): Tensor[] => {
      const next = add(mul(m, 0.9), g);
      return [add(w, mul(next, -0.1)), next];
    };
    const program = optimize(makeProgram(f)(ones([5]), ones([5]), ones([5])));
    expect(plan(program, [true, true, false]).aliases).toEqual([0, 1]);
    expect(plan(program, [true, true, false]).arenaBytes).toBe(0);
    expect(plan(program).aliases).toEqual([undefined, undefined]);
  });

  test("changes carries in place, and saves one of two that swap", () => {
    const f = (a: Tensor, b: Tensor): Tensor[] =>
      scan(
        ([p, q]: [Tensor, Tensor]) => [[q, scatterAdd(p, [0], [1])] as [Tensor, Tensor], null],
        [a, b] as [Tensor, Tensor],
        null,
        { length: 3 },
      )[0];
    expect(printed(optimize(makeProgram(f)(ones([3]), ones([3]))))).toMatchInlineSnapshot(`
      "e:i32[1], steps 0 to 1: t
      f:f64[3], steps 1 to the end: result 0
      g:f64[3], steps 1 to the end: result 1
      within step 1, step:
        f:f64[3], steps 0 to the end: in the memory of d
        last copy e to result 0
        last copy f to result 1, saved in old
      arena of 64 bytes
        t: i32[1] at byte 0
        old: f64[3] at byte 32"
    `);
  });

  test("changes an operand in one branch only if nothing else reads it", () => {
    const f = (c: Tensor, x: Tensor): Tensor => {
      const y = mul(x, 2);
      return sin(cond(c, (z: Tensor) => scatterAdd(z, [0], [1]), (z: Tensor) => z, y)); // prettier-ignore
    };
    const g = (c: Tensor, x: Tensor): Tensor => {
      const y = mul(x, 2);
      return add(cond(c, (z: Tensor) => scatterAdd(z, [0], [1]), (z: Tensor) => z, y), y); // prettier-ignore
    };
    const places = (h: typeof f): string[] => {
      const program = optimize(makeProgram(h)(true as never, ones([3])));
      const arrays = [...plan(program).memory.values].filter(([v]) => v.type.dtype === "float64");
      return arrays.map(([, { place }]) => (place.kind === "temporary" ? place.name : place.kind));
    };
    expect(places(f)).toEqual(["t", "t", "result"]);
    expect(places(g)).toEqual(["t", "t_2", "result"]);
  });

  test("never assigns the same bytes to arrays that are alive at the same time", () => {
    const f = (x: Tensor): Tensor => {
      const y = exp(x);
      const z = sum(y.reshape([4, 8]), { axis: 0 });
      const inner = scan(
        (c: Tensor, row: Tensor) => [tanh(matmul(c, row.reshape([8, 1])).add(c)), null],
        z.reshape([1, 8]).mul(ones([8, 1])),
        y.reshape([4, 8]),
      )[0];
      return add(sum(inner), sum(mul(y, y)));
    };
    const { temps, arenaBytes } = plan(optimize(makeProgram(f)(ones([32]))));
    for (const { offset } of temps) expect(offset % 32).toBe(0);
    expect(arenaBytes).toBeLessThan(temps.reduce((n, { size }) => n + 32 * Math.ceil(size / 4), 1));
  });
});

describe("an arena", () => {
  const draft = (
    name: string,
    size: number,
    from: number,
    to: number,
    gaps: (readonly [number, number])[] = [],
  ) => ({ name, type: "f64", size, from, to, gaps }) as const;

  test("reuses bytes for arrays of any type that are alive one after the other", () => {
    const { temps, arenaBytes } = packArena([
      draft("a", 8, 0, 2),
      { ...draft("b", 16, 3, 5), type: "f32" },
      draft("c", 4, 1, 4),
    ]);
    expect(temps.map(({ offset }) => offset)).toEqual([0, 0, 64]);
    expect(arenaBytes).toBe(96);
  });

  test("reuses the bytes of an array while it holds no data", () => {
    const lent = packArena([draft("carry", 8, 0, 9, [[2, 7]]), draft("inner", 4, 3, 6)]);
    expect(lent.arenaBytes).toBe(64);
    const met = packArena([draft("carry", 8, 0, 9, [[2, 7]]), draft("inner", 4, 3, 7)]);
    expect(met.arenaBytes).toBe(96);
  });

  test("keeps the copies of parallel iterations apart", () => {
    const timeline = makeTimeline(makeNames());
    const blocks = withCopies(timeline, 2);
    const row = (count: number, from: number): void =>
      void blocks.add("t", { dtype: "float64", shape: [count], weak: false }, from);
    row(6, 0); // copies of 48 bytes
    row(2, 1); // of 16 bytes: the copy of the second iteration would be inside the first copy above
    row(6, 2); // may reuse the memory of the first
    timeline.add("t", { dtype: "float64", shape: [12], weak: false }, 3); // outside the loop
    const { temps } = packArena(timeline.drafts);
    expect(temps.map(({ offset }) => offset)).toEqual([0, 96, 0, 0]);
  });

  test("has no bytes for arrays without elements", () => {
    expect(packArena([draft("none", 0, 0, 3), draft("more", 0, 0, 3)]).arenaBytes).toBe(0);
  });
});
