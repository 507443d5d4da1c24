import {
  checkpoint,
  cond,
  foriLoop,
  grad,
  greater,
  jit,
  jvp,
  linearize,
  makeProgram,
  scan,
  tensor,
  vjp,
  vmap,
  type Tensor,
} from "downhill";
import { describe, expect, test } from "vitest";
import type { World } from "../train/world.ts";
import { allGather, pmean, psum, replicated } from "./index.ts";

/** Ranks that all compute the same values, as seen by the first, so that sums are multiples. Counts messages. */
function equalRanks(size: number): World & { readonly messages: number[] } {
  const messages: number[] = [];
  return {
    rank: 0,
    size,
    messages,
    exchange(_, bytes, into) {
      messages.push(bytes.length);
      into.set(bytes);
      return bytes.length;
    },
    allReduce(array) {
      messages.push(array.byteLength);
      for (let i = 0; i < array.length; i++) array[i]! *= size;
    },
    broadcast(array) {
      messages.push(array.byteLength);
    },
    barrier() {},
    abort(message) {
      throw new Error(message);
    },
  };
}

describe("on one rank", () => {
  const world = equalRanks(1);

  test("nothing is sent, computed or copied, in the forward and backward pass", () => {
    const x = tensor([1, 2]);
    expect(psum(x, world)).toBe(x);
    expect(replicated(x, world)).toBe(x);
    expect(grad((p: Tensor) => psum(replicated(p, world).sum(), world))(x).tolist()).toEqual([1, 1]);
    expect(pmean(3, world).item()).toBe(3);
    expect(world.messages).toEqual([]);
  });
});

describe.each([2, 3, 4])("on %i ranks", (size) => {
  const world = equalRanks(size);

  test("values are those of all ranks", () => {
    expect(psum([1, 2], world).tolist()).toEqual([size, 2 * size]);
    expect(pmean({ a: [1, 2], b: tensor([3], { dtype: "int32" }) }, world)).toMatchObject({
      a: expect.objectContaining({ dtype: "float64", shape: [2] }) as unknown,
      b: expect.objectContaining({ dtype: "float64", shape: [1] }) as unknown,
    });
    expect(allGather([1, 2], world).tolist()).toEqual(Array.from({ length: size }, () => [1, 2]));
    expect(replicated([1, 2], world).tolist()).toEqual([1, 2]);
  });

  test("the transpose of psum is the identity, that of replicated is psum", () => {
    const f = (p: Tensor): Tensor => psum(replicated(p, world).mul(3), world);
    expect(grad(f)(2).item()).toBe(3 * size); // the derivative of the sum of all ranks' terms, not of its square
    expect(grad((x: Tensor) => psum(x.mul(3), world))(2).item()).toBe(3);
    expect(vjp((p: Tensor) => replicated(p, world), 1)[1](5)[0].item()).toBe(5 * size);
    expect(jvp((x: Tensor) => psum(x, world), [1], [2])[1].item()).toBe(2 * size);
    expect(grad((x: Tensor) => pmean(x.mul(3), world))(2).item()).toBe(3 / size);
    expect(grad((x: Tensor) => allGather(x, world).mul(2).sum())(1).item()).toBe(2);
  });

  test("second derivatives are those of the sum", () => {
    const f = (p: Tensor): Tensor => psum(replicated(p, world).pow(3), world);
    expect(grad(grad(f))(2).item()).toBe(12 * size);
    expect(grad((x: Tensor) => psum(x, world).pow(2))(1).item()).toBe(2 * size);
  });

  test("the leaves of a tree share one message per dtype, also in the backward pass", () => {
    const params = { w: tensor([1, 2]), b: [tensor(3), tensor([[4]])] };
    const gradient = grad((p: typeof params) => {
      const { w, b } = replicated(p, world);
      return w.sum().mul(b[0]!).add(b[1]!.sum());
    });
    world.messages.length = 0;
    gradient(params);
    const rounds = Number.isInteger(Math.log2(size)) ? Math.log2(size) : 1;
    expect(world.messages).toEqual(new Array(rounds).fill(4 * 8));
  });

  test("a batch is sent as one, and its axis precedes that of the ranks", () => {
    expect(vmap((x: Tensor) => psum(x, world))([[1], [2]]).tolist()).toEqual([[size], [2 * size]]);
    expect(vmap((x: Tensor) => allGather(x, world))([[1], [2]]).shape).toEqual([2, size, 1]);
    expect(vmap(grad((p: Tensor) => psum(replicated(p, world).pow(2), world)))([1, 2]).tolist()).toEqual([
      2 * size,
      4 * size,
    ]);
  });
});

describe("inside compiled functions", () => {
  const world = equalRanks(2);
  const f = (x: Tensor): Tensor => psum(x, world).sum();
  const message = /^psum: is called inside a compiled function .* psum\(jit\(valueAndGrad\(loss\)\)/;

  test.each<[string, () => unknown]>([
    ["jit", () => jit(f)([1])],
    ["grad within jit", () => jit(grad(f))([1])],
    ["vmap within jit", () => jit(vmap(f))([[1]])],
    ["scan", () => scan((c: Tensor) => [f(c), null], 1, null, { length: 2 })],
    ["foriLoop", () => foriLoop(0, 2, (_: Tensor, c: Tensor) => f(c), 1)],
    ["cond", () => cond(greater(1, 0), f, (x: Tensor) => x, 1)],
    ["checkpoint", () => checkpoint(f)([1])],
    ["makeProgram", () => makeProgram(f)([1])],
  ])("%s, psum is refused with a remedy", (_, run) => {
    expect(run).toThrow(message);
  });

  test.each<[string, () => unknown]>([
    ["a linear map", () => jit(linearize(f, [1])[1])([1])],
    ["a pullback", () => jit(vjp((x: Tensor) => replicated(x, world), 1)[1])(1)],
  ])("%s that was created outside is refused too", (_, run) => {
    expect(run).toThrow(message);
  });

  test("the other collectives are refused too", () => {
    expect(() => jit((x: Tensor) => pmean(x, world))(1)).toThrow(/^psum: is called inside/);
    expect(() => jit((x: Tensor) => allGather(x, world))(1)).toThrow(/^allGather: is called inside/);
    expect(() => jit((x: Tensor) => replicated(x, world))(1)).toThrow(/^replicated: is called inside/);
  });

  test("functions that communicate may call compiled functions", () => {
    const square = jit((x: Tensor) => x.mul(x).sum());
    expect(grad((p: Tensor) => psum(square(replicated(p, world)), world))([3, 4]).tolist()).toEqual([12, 16]);
  });
});

test("psum refuses booleans, and all refuse a missing world", () => {
  expect(() => psum(tensor([true, false]), equalRanks(2))).toThrow(
    'psum: bool[2] holds no numbers. Convert it first: x.astype("int32").',
  );
  expect(() => psum(1, undefined as never)).toThrow(
    "psum: the ranks are missing: psum(x, world), where world is",
  );
  expect(() => allGather(1, {} as never)).toThrow("allGather: the ranks are missing");
});
