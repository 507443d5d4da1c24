import { afterEach, beforeEach, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { DownhillError, grad, jit, matmul, tensor, valueAndGrad, zeros } from "downhill";
import type { WebGpu } from "downhill/webgpu";
import { openWebGpu } from "downhill/webgpu";
import type { FakeDevice } from "../../../test/support/fake-device.ts";
import { makeFakeDevice } from "../../../test/support/fake-device.ts";
import { gpuOfNode, gpuThatCanBeLost, testOnGpu } from "../../../test/support/webgpu.ts";
import { makeDeviceChooser, medianDuration } from "./auto-device.ts";
import { expectDevices } from "./cpu.ts";
import { engine } from "./engine.ts";

const f32 = { dtype: "float32" } as const;
const auto = { device: "auto" } as const;
const x = tensor([1, 2, 3], f32);

let device: FakeDevice;
beforeEach(() => {
  expectDevices();
  device = makeFakeDevice(["f32", "i32", "u32", "bool"]);
});
// other test files in this process use one device
afterEach(() => {
  engine.copies = undefined;
  engine.chooser = undefined;
});

/** Offers a device for which calls take `onIt` milliseconds, and `here` on the processor. */
function offer(onIt: number, here: number, on: FakeDevice | WebGpu = device): void {
  let measured = 0;
  engine.chooser = makeDeviceChooser(on, async ({ begin, run }) => {
    for (let i = 0; i < 2; i++) await run(begin());
    return measured++ % 2 === 0 ? onIt : here;
  });
}

const backendsOf = (f: { stats: () => { backends: readonly string[] } }): readonly string[] =>
  f.stats().backends;

test("calls run where the measurement was faster, and results are read in the same way", async () => {
  const square = (a: Tensor): Tensor => a.mul(a);
  offer(2, 3);
  const fast = jit(square, auto);
  await fast.warm(x);
  expect(backendsOf(fast)).toEqual(["fake"]);
  expect(await fast(x).read()).toEqual(Float32Array.of(1, 4, 9));
  expect(() => fast(x).data()).toThrow("await x.read()");
  expect(fast.stats().choices).toEqual([
    {
      types: "f32[3]",
      device: "a fake device",
      durations: { device: 2, processor: 3 },
      why: "2.00 ms on a fake device, 3.00 ms on the processor",
    },
  ]);
  offer(3, 2);
  const slow = jit(square, auto);
  await slow.warm(x);
  expect(backendsOf(slow)).not.toEqual(["fake"]);
  expect(await slow(x).read()).toEqual(Float32Array.of(1, 4, 9));
  expect(slow(x).data()).toEqual(Float32Array.of(1, 4, 9));
  expect(slow.stats().choices).toMatchObject([{ device: "the processor", durations: { device: 3, processor: 2 } }]); // prettier-ignore
});

test("the choice is per types of arguments", async () => {
  offer(1, 2);
  const f = jit((a: Tensor) => a.sum(), auto);
  await f.warm(x);
  offer(2, 1);
  await f.warm(zeros([5], f32));
  f(zeros([2, 2], f32));
  expect(f.stats().choices?.map(({ types, device: where }) => [types, where])).toEqual([
    ["f32[3]", "a fake device"],
    ["f32[5]", "the processor"],
    ["f32[2,2]", "the processor"],
  ]);
  expect(f.stats().choices?.[2]).toEqual({
    types: "f32[2,2]",
    device: "the processor",
    why: "not measured: await warm(…) with such arguments",
  });
});

test("without a device, or without warm, calls run on the processor", async () => {
  const f = jit((a: Tensor) => a.mul(3), auto);
  expect(f(x).data()).toEqual(Float32Array.of(3, 6, 9));
  await f.warm(x);
  expect(f.stats().choices).toEqual([
    { types: "f32[3]", device: "the processor", why: "no GPU is open: await openWebGpu(), then warm(…)" },
  ]);
  offer(1, 2);
  expect(f(x).data()).toEqual(Float32Array.of(3, 6, 9));
  await f.warm(x); // now there is a device
  expect(backendsOf(f)).toEqual(["fake"]);
  expect(jit((a: Tensor) => a).stats()).not.toHaveProperty("choices");
});

test("lower prints the choice and the plan of the chosen device", async () => {
  offer(3, 2);
  const f = jit((a: Tensor) => a.mul(4), auto);
  expect(String(f.lower(x))).toMatch(/^── device\nthe processor: no GPU is open/);
  await f.warm(x);
  expect(f.lower(x).choice?.device).toBe("the processor");
  expect(String(f.lower(x))).toMatch(
    /^── device\nthe processor: 3\.00 ms on a fake device, 2\.00 ms on the pro/,
  );
});

test("float64 arrays run on the processor, with the reason", async () => {
  offer(1, 2);
  const f = jit((a: Tensor) => a.mul(2), auto);
  const wide = tensor([1, 2]);
  await f.warm(wide);
  expect(f(wide).data()).toEqual(Float64Array.of(2, 4));
  expect(f.stats().choices).toEqual([
    {
      types: "f64[2]",
      device: "the processor",
      why: expect.stringMatching(
        /does not support float64, the dtype of argument 0.*astype\("float32"\)/,
      ) as string,
    },
  ]);
});

test("donated arguments are measured with copies, and donated by calls", async () => {
  for (const isFaster of [true, false]) {
    offer(isFaster ? 1 : 3, 2);
    const step = jit((w: Tensor, g: Tensor) => [w.sub(g), w.sum()] as const, { ...auto, donate: 0 });
    const w = tensor([5, 6, 7], f32);
    const before = device.stats().bytes;
    await step.warm(w, x);
    await step.warm(w, x);
    await new Promise(setImmediate); // the queue of the device
    expect(w.data()).toEqual(Float32Array.of(5, 6, 7));
    expect(device.stats().bytes - before).toBe(0);
    let [next] = step(w, x);
    expect(() => w.data()).toThrow("donated");
    const previous = next;
    [next] = step(next, x);
    await expect(async () => previous.read()).rejects.toThrow("donated");
    expect(await next.read()).toEqual(Float32Array.of(3, 2, 1));
  }
});

test("results that are arguments are not released by the measurement", async () => {
  offer(2, 1);
  const f = jit((a: Tensor) => [a, a.mul(2)] as const, auto);
  await f.warm(x);
  expect(x.data()).toEqual(Float32Array.of(1, 2, 3));
  const given = tensor([1, 2], f32);
  const g = jit((a: Tensor) => [a, a.reshape([2, 1])] as const, { ...auto, donate: 0 });
  await g.warm(given);
  expect(given.data()).toEqual(Float32Array.of(1, 2));
});

test("captured tensors are copied to the device once, and not kept there for the processor", async () => {
  const table = tensor([[1, 2], [3, 4]], f32); // prettier-ignore
  const f = (a: Tensor): Tensor => matmul(table, a);
  const v = tensor([1, 1], f32);
  offer(2, 1);
  const here = jit(f, auto);
  await here.warm(v);
  expect(engine.copies?.has(table.slot as never)).toBe(false);
  offer(1, 2);
  const there = jit(f, auto);
  await there.warm(v);
  const copy = engine.copies?.get(table.slot as never);
  expect(copy?.memory).toBe(device.memory);
  expect(await there(v).read()).toEqual(Float32Array.of(3, 7));
  expect(engine.copies?.get(table.slot as never)).toBe(copy);
  const later = jit((a: Tensor) => matmul(table, a).mul(2), auto);
  offer(2, 1);
  await later.warm(v); // keeps the copy of the other function
  expect(engine.copies?.get(table.slot as never)).toBe(copy);
});

test("arguments in the memory of the device run there", async () => {
  const resident = jit((a: Tensor) => a.add(1), { device })(x);
  offer(2, 1);
  const f = jit((a: Tensor) => a.mul(2), auto);
  await f.warm(resident);
  expect(f.stats().choices).toEqual([
    { types: "f32[3]", device: "a fake device", why: "an argument is in the memory of a fake device" },
  ]);
  await f.warm(x);
  expect(f.stats().choices?.[0]?.device).toBe("the processor");
  expect(await f(resident).read()).toEqual(Float32Array.of(4, 6, 8));
  expect(f(x).data()).toEqual(Float32Array.of(2, 4, 6));
  const other = jit((a: Tensor) => a, { device: makeFakeDevice(["f32"]) })(x);
  expect(() => f(other)).toThrow(/is in the memory of a fake device.*await x\.read\(\)/);
});

test("inside transforms the function runs as a part of them", () => {
  offer(1, 2);
  const f = jit((a: Tensor) => a.mul(a).sum(), auto);
  expect(grad((a: Tensor) => f(a))(x).data()).toEqual(Float32Array.of(2, 4, 6));
});

test("errors other than refusals of the device end the measurement", async () => {
  offer(1, 2);
  device.failNext(new Error("unknown"));
  await expect(jit((a: Tensor) => a.mul(5), auto).warm(x)).rejects.toThrow("unknown");
  device.failNext(new DownhillError("oom", "f: 12 bytes do not fit"));
  const f = jit((a: Tensor) => a.mul(6), auto);
  await f.warm(x);
  expect(f.stats().choices?.[0]).toMatchObject({ device: "the processor", why: "f: 12 bytes do not fit" });
});

test("the median of calls is measured, after one that is not", async () => {
  let begun = 0;
  let ended = 0;
  const run = (): Promise<void> => Promise.resolve().then(() => void ended++);
  expect(await medianDuration({ begin: () => (begun++, []), run })).toBeGreaterThanOrEqual(0);
  expect([begun, ended]).toEqual([8, 8]);
});

const loss = (w: Tensor): Tensor => {
  const error = matmul(tensor([[1, 2], [3, 4], [-1, 0.5]], f32), w).sub(1); // prettier-ignore
  return error.mul(error).mean();
};
const train = (w: Tensor): readonly [Tensor, Tensor] => {
  const [value, slope] = valueAndGrad(loss)(w);
  return [value, w.sub(slope.mul(0.01))];
};

testOnGpu("a training step that measures itself has the bits of both", async () => {
  using gpu = await openWebGpu({ gpu: gpuOfNode! });
  const step = jit(train, { ...auto, donate: 0 });
  const expected = jit(train);
  await step.warm(zeros([2], f32));
  const [choice] = step.stats().choices!;
  expect(Object.values(choice!.durations!).every((ms) => ms > 0)).toBe(true);
  expect(choice!.device).toBe(
    choice!.durations!.device < choice!.durations!.processor ? gpu.name : "the processor",
  );
  for (const isFaster of [true, false]) {
    offer(isFaster ? 1 : 3, 2, gpu);
    await step.warm(zeros([2], f32));
    expect(backendsOf(step)[0] === "webgpu").toBe(isFaster);
    let [w, w0] = [zeros([2], f32), zeros([2], f32)];
    for (let i = 0; i < 3; i++) {
      const [value, next] = step(w);
      const [value0, next0] = expected(w0);
      expect(await value.read()).toEqual(value0.data());
      [w, w0] = [next, next0];
    }
    expect(await w.read()).toEqual(w0.data());
  }
});

testOnGpu("a closed or lost GPU leaves the processor", async () => {
  const { gpu: entry, start } = gpuThatCanBeLost([0]);
  const closed = await openWebGpu({ gpu: gpuOfNode! });
  const lost = await openWebGpu({ gpu: entry });
  for (const [gpu, reason] of [
    [closed, "jit(square): the GPU was closed. Open another with openWebGpu()."],
    [lost, "jit(square): the GPU was lost"],
  ] as const) {
    offer(1, 2, gpu);
    const square = (a: Tensor): Tensor => a.mul(a);
    const f = jit(square, auto);
    await f.warm(x);
    const resident = f(x);
    expect(await resident.read()).toEqual(Float32Array.of(1, 4, 9));
    if (gpu === closed) closed.close();
    else {
      start();
      await f(x)
        .read()
        .catch(() => {}); // this submission loses the device
    }
    expect(f(x).data()).toEqual(Float32Array.of(1, 4, 9));
    expect(f.stats().choices?.[0]).toMatchObject({
      device: "the processor",
      why: expect.stringContaining(reason) as string,
    });
    expect(() => f(resident)).toThrow(reason.slice("jit(square): ".length));
    await f.warm(x);
    expect(f.stats().choices?.[0]?.why).toContain(reason);
  }
});
