import { afterAll, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  arange,
  cond,
  full,
  grad,
  greater,
  jit,
  less,
  scan,
  sin,
  stack,
  take,
  tensor,
  valueAndGrad,
  whileLoop,
  zeros,
} from "downhill";
import { mlp } from "downhill/nn";
import { key } from "downhill/random";
import type { FakeDevice } from "../../../test/support/fake-device.ts";
import { makeFakeDevice, withDevice } from "../../../test/support/fake-device.ts";
import { engine } from "./engine.ts";

// other test files in this process use one device
afterAll(() => {
  engine.copies = undefined;
});

const makeDevice = (): FakeDevice => makeFakeDevice(["f32", "i32", "u32", "bool"]);
const f32 = { dtype: "float32" } as const;

/** Results of a computation on the device and on the processor. */
async function both(f: () => readonly Tensor[]): Promise<readonly [unknown[], unknown[]]> {
  const there = await withDevice(makeDevice(), () => Promise.all(f().map((x) => x.read())));
  return [there, f().map((x) => x.data())];
}

describe("a device with asynchronous results", () => {
  test("computes after the call, and reads wait", async () => {
    const device = makeDevice();
    const f = jit((x: Tensor) => sin(x).mul(x));
    const x = tensor([0.5, 1, 2], f32);
    const y = await withDevice(device, () => f(x));
    expect(device.stats().runs).toBe(0);
    expect(await y.read()).toEqual(f(x).data());
    expect(device.stats().runs).toBe(1);
    expect(f.stats().backends).toEqual(["js"]); // the call after it ran on the processor again
  });

  test("computes single operations, also on scalars", async () => {
    const [there, here] = await both(() => {
      const x = tensor([[0.5, -1, 2, 3]], f32);
      const mean = x.mean();
      return [
        mean,
        mean.mul(2),
        mean.add(1).reshape([1]),
        x.sum({ axis: 1 }).reshape([]),
        x.sub(mean),
        take(x, tensor([0, 2], { dtype: "int32" }), { axis: 1 }),
      ];
    });
    expect(there).toEqual(here);
  });

  test("computes gradients, loops and branches as the processor does", async () => {
    const f = (x: Tensor): Tensor => {
      const [total] = scan((sum: Tensor, xi: Tensor) => [sum.add(sin(xi)), null], tensor(0, f32), x);
      return cond(
        greater(total, 1),
        (t: Tensor) => t.mul(t),
        (t: Tensor) => t.neg(),
        total,
      );
    };
    const powers = (x: Tensor): Tensor =>
      whileLoop(
        (s: Tensor) => less(s.sum(), 100),
        (s: Tensor) => s.mul(s),
        x,
      );
    const x = tensor([0.5, 1, 2], f32);
    const [there, here] = await both(() => [f(x), grad(f)(x), jit(grad(f))(x), powers(x), jit(powers)(x)]);
    expect(there).toEqual(here);
  });

  test("trains a network: gradients of a step, eager and jitted, have the processor's bits", async () => {
    const model = mlp([3, 8, 1], { dtype: "float32" });
    const params = model.init(key(1));
    const xs = arange(0, 12, 1, f32).reshape([4, 3]).mul(0.25);
    const loss = (p: typeof params): Tensor => {
      const error = model.apply(p, xs).sub(1);
      return error.mul(error).mean();
    };
    const leaves = ({ layers }: typeof params): Tensor[] =>
      layers.flatMap((layer) => Object.values(layer) as Tensor[]);
    const [there, here] = await both(() => {
      const [value, g] = valueAndGrad(loss)(params);
      return [value, ...leaves(g), ...leaves(jit(grad(loss))(params))];
    });
    expect(there).toEqual(here);
  });

  test("frees donated memory after the work that reads it", async () => {
    const device = makeDevice();
    const step = jit((p: Tensor, g: Tensor) => p.sub(g.mul(0.5)), { donate: 0 });
    const bytes = await withDevice(device, async () => {
      const g = full([100], 0.25, f32);
      let p = zeros([100], f32);
      const counts: number[] = [];
      for (let i = 0; i < 6; i++) {
        const before = p;
        p = step(p, g);
        expect(() => before.data()).toThrow("was donated");
        await p.read();
        counts.push(device.stats().bytes);
      }
      expect(() => step(p, p)).toThrow("this tensor is also passed as another argument");
      expect((await p.read())[99]).toBe(-0.75);
      return counts;
    });
    expect(bytes.slice(2)).toEqual(Array<number>(4).fill(bytes[1]!));
  });

  test("keeps no copy of an argument after the first call, which the suite compares with the oracle", async () => {
    const device = makeDevice();
    const x = tensor([1, 2, 5], f32);
    for (let i = 0; i < 2; i++) {
      const y = jit((a: Tensor) => sin(a).mul(1.25), { device })(x);
      await y.read();
      y[Symbol.dispose]();
      await new Promise(setImmediate); // the queue of the device
      expect(device.stats().bytes).toBe(0);
    }
  });

  test("suggests read() if elements are requested synchronously", async () => {
    const f = jit((x: Tensor) => x.mul(2));
    const y = await withDevice(makeDevice(), () => f(tensor([1, 2], f32)));
    const total = await withDevice(makeDevice(), () => jit((x: Tensor) => x.sum())(tensor([1, 2], f32)));
    const message = "is on a fake device and cannot be read synchronously. Write await x.read().";
    expect(() => y.data()).toThrow(`data: this f32[2] ${message}`);
    expect(() => y.tolist()).toThrow(`tolist: this f32[2] ${message}`);
    expect(() => total.item()).toThrow(`item: this f32[] ${message}`);
    expect(String(y)).toBe("Awaited(f32[2])");
  });

  test("refuses pending operands of another device, and accepts available ones", async () => {
    const x = tensor([1, 2], f32);
    const y = await withDevice(makeDevice(), () => x.mul(2));
    expect(() => y.add(1)).toThrow(
      "add: an operand (2 elements of f32) is in the memory of a fake device, and the processor would have to wait",
    );
    expect(() => jit((a: Tensor) => a.add(1))(y)).toThrow("pass tensor(await x.read()).");
    const sum = await withDevice(makeDevice(), () => x.sum());
    expect(() => sum.add(1)).toThrow("would have to wait");
    expect(() => jit((a: Tensor) => a.add(1))(sum)).toThrow("would have to wait");
    expect(
      tensor(await y.read())
        .add(1)
        .tolist(),
    ).toEqual([3, 5]);
  });

  test("rejects reads of results that depend on failed work, and no others", async () => {
    const device = makeDevice();
    await withDevice(device, async () => {
      const x = tensor([1, 2], f32);
      device.failNext(new Error("the device was lost"));
      const lost = x.mul(2);
      const [needs, other] = [lost.add(1), x.add(1)];
      await expect(needs.read()).rejects.toThrow("the device was lost");
      await expect(lost.read()).rejects.toThrow("the device was lost");
      expect(await other.read()).toEqual(Float32Array.of(2, 3));
    });
  });

  test("refuses an unsupported dtype, and continues to work", async () => {
    const f = jit((x: Tensor) => x.mul(2));
    const message =
      'a fake device does not support float64, the dtype of operand 0 (f64[2]). Make tensors of another dtype, as in tensor(x, { dtype: "float32" })';
    const y = await withDevice(makeDevice(), () => {
      expect(() => f(tensor([1, 2]))).toThrow(message);
      expect(() => tensor([1, 2]).add(tensor([3, 4]))).toThrow(`add: ${message}`);
      return stack([f(tensor([1, 2], f32)), tensor([3, 4], f32)]);
    });
    expect(await y.read()).toEqual(Float32Array.of(2, 4, 3, 4));
    expect(f(tensor([1, 2])).tolist()).toEqual([2, 4]);
  });
});
