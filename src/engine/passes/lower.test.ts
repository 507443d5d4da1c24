import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  bind1,
  concatenate,
  definePrimitive,
  dynamicUpdateSlice,
  flip,
  grad,
  jit,
  kernel as k,
  less,
  makeProgram,
  mul,
  ones,
  scan,
  sin,
  slice,
  sum,
  tensor,
  whileLoop,
  zeros,
} from "downhill";
import { runPlain } from "../../../test/support/run-plain.ts";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { makeWasmBackend } from "../backends/wasm/index.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";
import { extent } from "../../../test/support/extent.ts";

/** A program, one array per equation, and its loops after lowering. */
const beforeAfter = (program: Program): string =>
  `${printProgram(program)}\n=>\n${printRoutine(lowerProgram(program).routine)}`;

const xs = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);

describe("memory of loops", () => {
  test("a last carry that nothing reads does not lend its memory while the loop runs", () => {
    const before = jit((c: Tensor) => scan((c: Tensor, x: Tensor) => [c.mul(2).add(x), c], c, xs)[1].neg());
    expect(before([1, 1]).tolist()).toEqual([
      [-1, -1],
      [-3, -4],
      [-9, -12],
    ]);
  });

  test("carries that swap do not overwrite one another", () => {
    type Pair = { a: Tensor; b: Tensor };
    const swap = jit(
      (p: Pair) => scan(({ a, b }: Pair, x: Tensor) => [{ a: b.add(x), b: a }, null], p, xs)[0],
    );
    const { a, b } = swap({ a: [1, 1], b: [10, 20] });
    expect(a.tolist()).toEqual([10 + 1 + 5, 20 + 2 + 6]);
    expect(b.tolist()).toEqual([1 + 3, 1 + 4]);
  });

  test("a nested loop does not release the memory of its carries", () => {
    type Pair = { sum: Tensor; c: Tensor };
    const step = ({ sum, c }: Pair): [Pair, null] => {
      const [inner] = scan((d: Tensor, y: Tensor) => [d.mul(2).add(y), null], c, xs);
      return [{ sum: sum.add(inner), c: inner }, null];
    };
    const run = jit((p: Pair) => scan(step, p, null, { length: 2 })[0]);
    // the inner loop takes c to 8c + 4·row0 + 2·row1 + row2
    const { sum, c } = run({ sum: [0, 0], c: [1, 1] });
    const [first, second] = [
      [8 + 4 + 6 + 5, 8 + 8 + 8 + 6],
      [0, 0],
    ];
    second[0] = 8 * first[0]! + 15;
    second[1] = 8 * first[1]! + 22;
    expect(c.tolist()).toEqual(second);
    expect(sum.tolist()).toEqual([first[0]! + second[0], first[1]! + second[1]]);
  });
});

describe("carries", () => {
  test("that are added to are changed in place", () => {
    const f = (c: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [add(c, mul(x, 2)), null], c, xs)[0];
    expect(beforeAfter(makeProgram(f)(zeros([100]), zeros([5])))).toMatchInlineSnapshot(`
      "f(c:f64[100], xs:f64[5]) {
        a:f64[100] = scan[body=step consts=0 carries=1 length=5 reverse=false] c xs
          step(a:f64[100], b:f64[]) {
            c:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
            d:f64[] = mul b c
            e:f64[100] = broadcast[shape=[100] axes=[]] d
            f:f64[100] = add a e
            return f
          }
        return a
      }
      =>
      routine f(c: f64[100], xs: f64[5]) -> (out0: f64[100]) {
        for each i in 0..100 {
          out0[i] = c[i]
        }
        for step in 0..5 {
          let x: f64 = xs[step]
          let v: f64 = x * 2
          for each e in 0..100 {
            let x_2: f64 = out0[e]
            let v_2: f64 = x_2 + v
            out0[e] = v_2
          }
        }
      }"
    `);
  });

  test("that are changed at an index are changed only there", () => {
    const f = (c: Tensor, xs: Tensor): Tensor =>
      scan(
        (c: Tensor, x: Tensor) => [dynamicUpdateSlice(c, x.reshape([1]), [x.mul(3).astype("int32")]), null],
        c,
        xs,
      )[0];
    expect(beforeAfter(optimize(makeProgram(f)(zeros([100]), zeros([5]))))).toMatchInlineSnapshot(`
      "f(c:f64[100], xs:f64[5]) {
        a:f64[100] = scan[body=step consts=0 carries=1 length=5 reverse=false] c xs
          step(a:f64[100], b:f64[]) {
            c:f64[1] = reshape[shape=[1]] b
            d:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
            e:f64[] = mul b d
            f:i32[] = convert[dtype=int32 weak=false] e
            g:i32[1] = reshape[shape=[1]] f
            h:f64[100] = dynamicUpdate[lead=0] a c g
            return h
          }
        return a
      }
      =>
      routine f(c: f64[100], xs: f64[5]) -> (out0: f64[100]) {
        for each i in 0..100 {
          out0[i] = c[i]
        }
        for step in 0..5 {
          let x: f64 = xs[step]
          let v: f64 = x * 3
          let v_2: i32 = i32(v)
          let start: i32 = min(max(v_2, 0), 99)
          let at: i32 = start
          out0[at] = x
        }
      }"
    `);
  });

  test("that are also results are copied to them before they are changed", () => {
    const f = (c: Tensor): Tensor[] => [
      ...scan((c: Tensor, _: null) => [mul(c, 2), c], c, null, { length: 3 }),
    ];
    expect(beforeAfter(makeProgram(f)(ones([8])))).toMatchInlineSnapshot(`
      "f(c:f64[8]) {
        a:f64[8] b:f64[3,8] = scan[body=step consts=0 carries=1 length=3 reverse=false] c
          step(a:f64[8]) {
            b:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
            c:f64[8] = broadcast[shape=[8] axes=[]] b
            d:f64[8] = mul a c
            return d, a
          }
        return a, b
      }
      =>
      routine f(c: f64[8]) -> (out0: f64[8], out1: f64[24]) {
        for each i in 0..8 {
          out0[i] = c[i]
        }
        for step in 0..3 {
          for each i_2 in 0..8 {
            out1[step * 8 + i_2] = out0[i_2]
          }
          for each e in 0..8 {
            let x: f64 = out0[e]
            let v: f64 = x * 2
            out0[e] = v
          }
        }
      }"
    `);
    expect(jit(f)([1, 10]).map((x) => x.tolist())).toEqual([[8, 80], [[1, 10], [2, 20], [4, 40]]]); // prettier-ignore
  });

  test("that are read at other indices stay intact until the loop that reads them has ended", () => {
    const f = (c: Tensor): Tensor =>
      scan(
        (c: Tensor, _: null) => [add(c, concatenate([slice(c, [1, 4]), slice(c, [0, 1])])), null],
        c,
        null,
        { length: 2 },
      )[0];
    expect(jit(f)([1, 2, 3, 4]).tolist()).toEqual([8, 12, 12, 8]);
    const g = (c: Tensor): Tensor =>
      whileLoop((c: Tensor) => less(sum(c), 50), (c: Tensor) => add(c, flip(c)), c); // prettier-ignore
    expect(jit(g)([1, 2, 3, 4]).tolist()).toEqual([10, 10, 10, 10].map((x) => 2 * x));
  });
});

test("a custom lowering gets the scratch arrays and writes the programs that it declares", () => {
  // a program of the last element and all elements, then the squares of all in scratch
  const difference = makeProgram((a: Tensor, b: Tensor) => a.sub(slice(b, [0, 1])).mul(10))([0], zeros([4]));
  const prim = definePrimitive<object>({
    name: "ends",
    typeOf: ([x]) => [{ ...x!, shape: [1] }],
    derivative: { kind: "constant" },
    batch: () => {
      throw new Error("not batched here");
    },
    lowering: {
      kind: "loops",
      scratch: (_, [x]) => [{ name: "squares", type: x! }],
      programs: () => [
        {
          program: difference,
          ins: [
            { of: "operand", index: 0, isPart: true },
            { of: "operand", index: 0 },
          ],
          outs: [{ of: "result", index: 0 }],
        },
      ],
      emit({ block, ins: [x], outs: [out], scratch: [squares], fresh, write }) {
        write(block, 0, k.i32(3));
        block.forEach(fresh("i"), k.i32(0), k.i32(4), (loop, i) =>
          squares!.write(loop, i, k.mul(x!.read(i), x!.read(i))),
        );
        out!.write(block, k.i32(0), k.add(out!.read(k.i32(0)), squares!.read(k.i32(1))));
      },
    },
  });
  const f = jit((x: Tensor) => bind1(prim, [x.mul(1)], {}).sum());
  expect(f([1, 2, 3, 5]).item()).toBe((5 - 1) * 10 + 2 * 2);
});

type Op = (a: Tensor, b: Tensor, x: Tensor) => Tensor;
const ops: readonly Op[] = [
  (a, b) => a.add(b),
  (a, b) => a.mul(b).mul(0.5),
  (a, _, x) => a.sub(x),
  (a) => sin(a),
  (a) => flip(a),
  (a, b) => concatenate([slice(a, [3, 19]), slice(b, [0, 3])]),
  (a, b) => a.add(b.mean()),
  (a, b, x) => a.add(dynamicUpdateSlice(b, x.reshape([1]), [x.abs().mul(9).astype("int32")])),
  (_, b, x) => dynamicUpdateSlice(b, x.reshape([1]), [x.abs().mul(9).astype("int32")]),
];

test("random loops have the bits of operation-by-operation evaluation, whatever memory they share", () => {
  const backends = [interpBackend, jsBackend, makeWasmBackend({ relaxed: false, wide: false, threads: 1 })];
  const start = [1, 2, 3].map((k) =>
    tensor(Float64Array.from({ length: 19 }, (_, i) => Math.sin(i * k + k))),
  );
  const xs = tensor([0.5, -0.25, 1.5]);
  const choice = fc.record({ op: fc.nat(ops.length - 1), a: fc.nat(), b: fc.nat() });
  fc.assert(
    fc.property(
      fc.array(choice, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
      fc.boolean(),
      (list, ends, reverse) => {
        const f = (...args: Tensor[]): Tensor[] => {
          const [carry, ys] = scan(
            (c: Tensor[], x: Tensor) => {
              const values = [...c];
              for (const { op, a, b } of list)
                values.push(ops[op]!(values[a % values.length]!, values[b % values.length]!, x));
              const [n0, n1, n2, y0, y1] = ends.map(
                (end) => values[values.length - 1 - (end % values.length)]!,
              );
              return [
                [n0!, n1!, n2!],
                [y0!, y1!],
              ];
            },
            args.slice(0, 3),
            args[3]!,
            { reverse },
          );
          return [...carry, ...ys];
        };
        const gradient = (...args: Tensor[]): Tensor[] =>
          grad((...inner: Tensor[]) => sum(concatenate(f(...inner).map((x) => x.reshape([-1])))), {
            argnums: [0, 1, 2, 3],
          })(...args) as unknown as Tensor[];
        // whose carries are stored in temporaries
        const within = (...args: Tensor[]): Tensor[] => f(...args).map((x) => x.mul(2));
        for (const g of [f, within, gradient]) {
          const expected = g(...start, xs).map((x) => x.tolist());
          const program = makeProgram(g)(...start, xs);
          for (const p of [program, optimize(program)])
            for (const backend of backends)
              expect(runPlain(p, backend, [...start, xs]).map((x) => x.tolist())).toEqual(expected);
        }
      },
    ),
    { numRuns: extent(5, 100, 10), seed: 5 },
  );
}, 120_000);
