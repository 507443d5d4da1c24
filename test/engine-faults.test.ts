// Former faults of the engine, each with the smallest program that showed it.
import { expect, test } from "vitest";
import {
  bind1,
  definePrimitive,
  dotGeneral,
  grad,
  greater,
  jit,
  kernel,
  less,
  matmul,
  mul,
  neg,
  outer,
  pow,
  rem,
  scan,
  scatterAdd,
  sin,
  sub,
  take,
  tensor,
  type Tensor,
  vjp,
  vmap,
  zeros,
} from "downhill";
import { growthOfProcessorTime } from "./support/processor-time.ts";
import { extent } from "./support/extent.ts";

test("a row of a loop's results that an inner loop carries does not lend the whole array", () => {
  const inner = (c: Tensor): [Tensor, null] => {
    const s = sin(c);
    return [matmul(outer(s, s), outer(s, s)).sum({ axis: 0 }), null];
  };
  const step = (c: Tensor, x: Tensor): [Tensor, Tensor] => [
    c,
    scan(inner, mul(v0, x), null, { length: 2 })[0],
  ];
  let v0: Tensor = tensor([0.1, 0.2, 0.3]);
  const f = (v: Tensor): Tensor => {
    v0 = v;
    return scan(step, 0, [1, 2, 3])[1].sum({ axis: 1 });
  };
  expect(jit(f)([0.1, 0.2, 0.3]).tolist()).toEqual(f(tensor([0.1, 0.2, 0.3])).tolist());
});

test("adding into an axis of size 0 leaves the memory of others alone", () => {
  const neighbour = tensor([1, 2, 3]).add(1);
  expect(() => scatterAdd(zeros([0]), [0], [5])).toThrow("index 0 is out of range for f64[0]");
  expect(neighbour.tolist()).toEqual([2, 3, 4]);
});

test("a plain number beside integers that cannot hold it makes floats", () => {
  const u = tensor([5], { dtype: "uint32" });
  expect(u.add(-1).tolist()).toEqual([4]);
  expect(greater(tensor([0], { dtype: "uint32" }), -1).tolist()).toEqual([1]);
  expect(tensor([5], { dtype: "int32" }).add(3e9).tolist()).toEqual([3000000005]);
  expect(less(tensor([2147483647], { dtype: "int32" }), 3e9).tolist()).toEqual([1]);
  expect(tensor([5], { dtype: "int32" }).add(2).dtype).toBe("int32");
});

test("the square of integers by pow is float64, as every other power", () => {
  expect(pow(tensor([100000], { dtype: "int32" }), 2).tolist()).toEqual([1e10]);
});

test("parameters with one more field are other parameters", () => {
  interface Affine {
    readonly scale: number;
    readonly shift?: number;
  }
  const affine = definePrimitive<Affine>({
    name: "affine",
    typeOf: ([x]) => [x!],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: {
      kind: "elementwise",
      scalar: ([x], q) =>
        kernel.add(kernel.mul(x!, kernel.constant(x!.type, q.scale)), kernel.constant(x!.type, q.shift ?? 0)),
    },
  });
  expect(bind1(affine, [tensor([1, 2])], { scale: 2 }).tolist()).toEqual([2, 4]);
  expect(bind1(affine, [tensor([1, 2])], { scale: 2, shift: 10 }).tolist()).toEqual([12, 14]);
});

test("a reverse pass that failed leaves nothing behind for the next", () => {
  let fails = false;
  const fragile = definePrimitive<object>({
    name: "fragile",
    typeOf: ([x]) => [x!],
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => x! },
    derivative: {
      kind: "linear",
      operands: "all",
      transpose([ct], _, __, into) {
        if (fails) throw new Error("boom");
        into[0]?.add(ct!);
      },
    },
  });
  const [, pullback] = vjp((x: Tensor) => {
    const s = sin(x);
    return mul(bind1(fragile, [s], {}), s);
  }, 1);
  const good = pullback(1)[0].item();
  fails = true;
  expect(() => pullback(1)).toThrow("boom");
  fails = false;
  expect(pullback(1)[0].item()).toBe(good);
});

test("the slope of a remainder counts the whole steps that were taken", () => {
  expect(grad((y) => rem(1, y))(0.1).item()).toBe(-9); // 1 / 0.1 rounds to 10, but 1 % 0.1 took 9
});

test("a start of a loop that its carry cannot hold is refused", () => {
  const swap = (c: Tensor, x: Tensor): [Tensor, Tensor] => [x, c];
  expect(() => scan(swap, 0.5, tensor([1, 2, 3], { dtype: "int32" }))).toThrow("must keep its type");
  expect(scan(swap, 0, tensor([1, 2, 3], { dtype: "int32" }))[1].tolist()).toEqual([0, 1, 2]);
});

test("a given shape is not changed", () => {
  const shape = [2, 3];
  const x = tensor([1, 2, 3, 4, 5, 6], { shape });
  shape[0] = 9;
  expect(x.shape).toEqual([2, 3]);
});

test("indices beyond 2^31 are clamped equally with and without a batch", () => {
  const places = tensor([4294967295, 2147483648, 1], { dtype: "uint32" });
  const x = tensor([10, 20, 30]);
  const compiled = jit((v: Tensor, i: Tensor) => take(v, i)); // outside of compiled code they are an error
  expect(compiled(x, places).tolist()).toEqual([30, 30, 20]);
  const batched = vmap((row: Tensor, i: Tensor) => take(row, i))(x.reshape([1, 3]), places.reshape([1, 3]));
  expect(batched.tolist()).toEqual([[30, 30, 20]]);
});

test.each([
  ["neg", () => neg(tensor([true]))],
  ["sub", () => sub(tensor([true]), tensor([false]))],
  ["rem", () => rem(tensor([true]), tensor([true]))],
  ["dotGeneral", () => dotGeneral(tensor([true]), tensor([true]), { contract: [[0], [0]], batch: [[], []] })],
])("%s of booleans says what to do", (name, f) => {
  expect(f).toThrow(`${name}: takes numbers, not bool`);
});

test("axes of dotGeneral are checked and may count from the last", () => {
  const [x, y] = [tensor([[1, 2]]), tensor([[3], [4]])];
  expect(dotGeneral(x, y, { contract: [[-1], [-2]], batch: [[], []] }).tolist()).toEqual([[11]]);
  expect(() => dotGeneral(x, y, { contract: [[5], [0]], batch: [[], []] })).toThrow("axis 5 is out of range");
  expect(() =>
    dotGeneral(x, y, {
      contract: [
        [1, 1],
        [0, 1],
      ],
      batch: [[], []],
    }),
  ).toThrow("named twice");
});

test("a value kept from a transform that has ended is refused as a result and as an argument too", () => {
  let kept: Tensor = tensor(0);
  grad((x: Tensor) => (kept = x))(2);
  expect(() => grad(() => kept)(2)).toThrow("that has ended");
  expect(() => vmap((x) => x)(kept)).toThrow("that has ended");
});

test("many arguments and long elementwise programs take linear time", () => {
  const many = Array.from({ length: 2000 }, (_, i) => i);
  const total = (...xs: Tensor[]): Tensor => xs.reduce((a, b) => a.add(b));
  expect(grad(total, { argnums: many })(...many)).toHaveLength(2000);
  const chain = (n: number) => (x: Tensor) => {
    let y = x;
    for (let i = 0; i < n; i++) y = sin(y.mul(x));
    return y.sum();
  };
  const growth = growthOfProcessorTime([extent(125, 250), extent(1000, 2000)], (n, k) => {
    jit(grad(chain(n)))(new Float64Array(50 + k).fill(1)); // another size recompiles
  });
  expect(growth).toBeLessThan(32); // linear: 8, quadratic: 64
});
