import { queryObjects } from "node:v8";
import { expect, test } from "vitest";
import {
  arange,
  cond,
  exp,
  full,
  grad,
  greater,
  jit,
  less,
  log,
  matmul,
  scan,
  tanh,
  Tensor,
  tensor,
  valueAndGrad,
  whileLoop,
  zeros,
} from "downhill";
import type { WebGpu } from "downhill/webgpu";
import { openWebGpu } from "downhill/webgpu";
import { extent } from "../../../../test/support/extent.ts";
import { bytesInUse } from "../../../../test/support/heap.ts";
import { openGpuForFile } from "../../../../test/support/open-gpu.ts";
import { seeded } from "../../../../test/support/sampling.ts";
import { gpuOfNode, gpuWithFaults, testOnGpu, testOnGpuInCi } from "../../../../test/support/webgpu.ts";

const f32 = { dtype: "float32" } as const;

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));

/** Checks that a function of tensors has the processor's bits on the GPU. */
async function expectSame(f: (...x: Tensor[]) => Tensor | Tensor[], ...args: Tensor[]): Promise<void> {
  const list = (result: Tensor | Tensor[]): Tensor[] => (Array.isArray(result) ? result : [result]);
  const g = (...x: Tensor[]): Tensor[] => list(f(...x));
  const here = jit(g)(...args).map((x) => x.data());
  const there = await Promise.all(jit(g, { device: gpu })(...args).map((x) => x.read()));
  expect(there).toEqual(here);
}

testOnGpu("the software device passes the probe", () => {
  expect(gpu.bits).toBe("exact");
  expect(gpu.probe).toEqual({ division: 0, squareRoot: 0, arithmetic: 0, subnormals: 0 });
  expect(gpu.adapter).toMatch(/./);
  expect(gpu.memoryBudget).toBe(
    Math.min(gpu.limits["maxBufferSize"]!, gpu.limits["maxStorageBufferBindingSize"]!),
  );
});

testOnGpu("elementwise functions, sums and products have the processor's bits", async () => {
  const x = arange(0, 12, 1, f32).reshape([3, 4]).mul(0.37).sub(2);
  const w = arange(0, 20, 1, f32).reshape([4, 5]).mul(0.11).sub(1);
  await expectSame((a, b) => [tanh(matmul(a, b)), exp(a).sum(0), log(a.mul(a).add(1)).mean()], x, w);
});

testOnGpu("gradients of a network have the processor's bits", async () => {
  const x = arange(0, 12, 1, f32).reshape([4, 3]).mul(0.25);
  const w1 = arange(0, 15, 1, f32).reshape([3, 5]).mul(0.2).sub(1);
  const w2 = arange(0, 5, 1, f32).reshape([5, 1]).mul(-0.3);
  const loss = (a: Tensor, b: Tensor): Tensor => {
    const error = matmul(tanh(matmul(x, a)), b).sub(1);
    return error.mul(error).mean();
  };
  await expectSame(
    (a, b) => {
      const [value, slope] = valueAndGrad(loss)(a, b);
      return [value, slope];
    },
    w1,
    w2,
  );
});

testOnGpu("scans, branches and loops whose end depends on values have the processor's bits", async () => {
  const x = tensor([0.5, 1, 2], f32);
  await expectSame((a) => {
    const [total, all] = scan(
      (sum: Tensor, xi: Tensor) => [sum.add(xi.mul(xi)), sum.mul(xi)] as [Tensor, Tensor],
      tensor(0, f32),
      a,
    );
    const chosen = cond(
      greater(total, 1),
      (t: Tensor) => t.mul(t),
      (t: Tensor) => t.neg(),
      total,
    );
    const power = whileLoop(
      (s: Tensor) => less(s.sum(), 100),
      (s: Tensor) => s.mul(s),
      a,
    );
    return [total, all, chosen, power];
  }, x);
});

testOnGpu("a training step keeps its parameters on the GPU and creates nothing in steady state", async () => {
  const data = tensor([[1, 2], [3, 4], [-1, 0.5]], f32); // prettier-ignore
  const loss = (w: Tensor): Tensor => {
    const error = matmul(data, w).sub(1);
    return error.mul(error).mean();
  };
  const step = (w: Tensor): Tensor => w.sub(grad(loss)(w).mul(0.01));
  const onGpu = jit(step, { device: gpu, donate: 0 });
  const here = jit(step);
  await onGpu.warm(zeros([2], f32));
  let [there, expected] = [onGpu(zeros([2], f32)), here(zeros([2], f32))];
  there = onGpu(there);
  expected = here(expected);
  expect(await there.read()).toEqual(expected.data()); // in the suite, the oracle has compared the step by now
  const before = gpu.stats();
  for (let i = 0; i < 30; i++) {
    there = onGpu(there);
    expected = here(expected);
  }
  const after = gpu.stats();
  for (const name of ["buffers", "bindGroups", "pipelines", "bytesInUse", "bytesAllocated"] as const)
    expect(after[name], name).toBe(before[name]);
  expect(after.submissions - before.submissions).toBe(30);
  expect(await there.read()).toEqual(expected.data());
});

testOnGpu("resident tensors name read() wherever they cannot be used", () => {
  const y = jit((x: Tensor) => x.mul(2), { device: gpu })(tensor([1, 2], f32));
  expect([y.shape, y.dtype]).toEqual([[2], "float32"]);
  expect(() => y.data()).toThrow("Write await x.read().");
  expect(() => y.sum().item()).toThrow("pass tensor(await x.read()).");
  expect(() => grad((x: Tensor) => x.mul(x).sum())(y)).toThrow("await x.read()");
  expect(() => jit((x: Tensor) => x.add(1))(y)).toThrow(expect.objectContaining({ code: "device" }));
  y[Symbol.dispose]();
  expect(() => y.data()).toThrow("donated");
});

testOnGpu("arrays of float64 and calls inside transforms are refused with the repair", () => {
  const f = jit((x: Tensor) => x.mul(2), { device: gpu });
  expect(() => f(tensor([1, 2]))).toThrow(
    /does not support float64, the dtype of argument 0 \(f64\[2\]\)\. .*x\.astype\("float32"\)/,
  );
  expect(() => grad((x: Tensor) => f(x).sum())(tensor([1, 2], f32))).toThrow("jit(grad(f), { device })");
});

testOnGpu("float64 scalars have the processor's bits", async () => {
  const f = (x: Tensor, t: Tensor): Tensor => x.mul(tensor(3).div(t.add(1)).astype("float32"));
  const x = tensor([1, 2], f32);
  const there = jit(f, { device: gpu })(x, 7);
  expect(await there.read()).toEqual(jit(f)(x, 7).data());
});

testOnGpu("beyond the memory budget a call throws, and later ones work", async () => {
  using small = await openWebGpu({ gpu: gpuOfNode!, memoryBudget: 2 ** 16 });
  const f = jit((x: Tensor) => x.mul(2), { device: small });
  expect(() => f(zeros([20_000], f32))).toThrow(expect.objectContaining({ code: "oom" }));
  expect(await f(tensor([1, 2], f32)).read()).toEqual(Float32Array.of(2, 4));
  expect(() => f(zeros([20_000], f32))).toThrow(/donate.*using.*await x\.read\(\).*memoryBudget/);
});

testOnGpu("memory that the device itself lacks is an error of the next read and of later calls", async () => {
  using small = await openWebGpu({ gpu: gpuWithFaults({ mostBytes: 2 ** 20 }) });
  const f = jit((x: Tensor) => x.mul(2), { device: small });
  expect(await f(tensor([1, 2], f32)).read()).toEqual(Float32Array.of(2, 4));
  const y = f(zeros([400_000], f32));
  const error = { code: "oom", message: expect.stringContaining("smaller memoryBudget") as string };
  await expect(y.read()).rejects.toMatchObject(error);
  expect(() => f(tensor([1, 2], f32))).toThrow(expect.objectContaining(error));
});

const repairs = /donate.*using.*await x\.read\(\)/;

/** A result on the GPU, and the value of its elements. */
interface HeldResult {
  readonly y: Tensor;
  readonly value: number;
}

/** Calls with random sizes, some of whose results are released or read, until an error. */
async function fillMemory(
  device: WebGpu,
  draw: () => number,
): Promise<{ readonly held: readonly HeldResult[]; readonly problem: unknown }> {
  const f = jit((x: Tensor) => x.add(1), { device });
  const held: HeldResult[] = [];
  for (let i = 0; i < 10_000; i++) {
    const released = draw() < 0.3 ? held.splice(Math.floor(draw() * held.length), 1) : [];
    for (const { y } of released) y[Symbol.dispose]();
    try {
      const y = f(full([[500, 1700, 3000][Math.floor(draw() * 3)]!], i, f32));
      held.push({ y, value: i + 1 });
      if (draw() < 0.2) await y.read();
    } catch (problem) {
      return { held, problem };
    }
  }
  return { held, problem: undefined };
}

testOnGpu("memory that is exhausted at random points is an error, and other tensors remain", async () => {
  for (let seed = 1; seed <= extent(3, 100, 20); seed++) {
    const draw = seeded(seed);
    using small = await openWebGpu({ gpu: gpuOfNode!, memoryBudget: 2 ** 16 + Math.floor(draw() * 2 ** 17) });
    for (let round = 0; round < 3; round++) {
      const { held, problem } = await fillMemory(small, draw);
      expect(problem).toMatchObject({ code: "oom", message: expect.stringMatching(repairs) as string });
      const read = await Promise.all(held.map(({ y }) => y.read()));
      expect(read.every((array, i) => array.every((value) => value === held[i]!.value))).toBe(true);
      for (const { y } of held) y[Symbol.dispose]();
    }
  }
});

testOnGpuInCi("a device that lacks memory at random points reports it", async () => {
  for (let seed = 1; seed <= extent(0, 20, 5); seed++) {
    const draw = seeded(seed);
    using small = await openWebGpu({ gpu: gpuWithFaults({ mostBytes: 2 ** (18 + Math.floor(3 * draw())) }) });
    const { held, problem } = await fillMemory(small, draw);
    expect(problem).toMatchObject({ code: "oom", message: expect.stringMatching(repairs) as string });
    await expect(held[0]!.y.read()).rejects.toMatchObject({ code: "oom" });
  }
});

testOnGpu("a shader that does not compile is an internal error with the routine", async () => {
  const open = (): Promise<WebGpu> => openWebGpu({ gpu: gpuWithFaults({ badShaderFrom: 1 }) });
  using faulty = await open();
  using other = await open();
  const doubled = (x: Tensor): Tensor => x.mul(2);
  const f = jit(doubled, { device: faulty });
  const message = /^internal: a shader does not compile: [^]*routine doubled[^]*fn main/;
  await expect(f.warm(tensor([1, 2], f32))).rejects.toThrow(message);
  expect(() => f(tensor([1, 2], f32))).toThrow(message);
  await expect(jit(doubled, { device: other })(tensor([1, 2], f32)).read()).rejects.toThrow(message);
});

testOnGpuInCi("1,000 steps create no buffer, bind group, pipeline or object that remains", async () => {
  const data = tensor([[1, 2], [3, 4], [-1, 0.5]], f32); // prettier-ignore
  const loss = (w: Tensor): Tensor => {
    const error = matmul(data, w).sub(1);
    return error.mul(error).mean();
  };
  const step = jit((w: Tensor) => valueAndGrad(loss)(w).map((x, i) => (i === 0 ? x : w.sub(x.mul(0.01)))), {
    device: gpu,
    donate: 0,
  });
  let w = zeros([2], f32);
  const take = async (n: number): Promise<unknown> => {
    for (let i = 0; i < n; i++) {
      const [value, next] = step(w) as [Tensor, Tensor];
      w = next;
      if (i % 10 === 0) await value.read();
      value[Symbol.dispose]();
    }
    await w.read();
    const { buffers, bindGroups, pipelines, bytesInUse, bytesAllocated } = gpu.stats();
    const objects = [Tensor, Uint32Array, Promise, Map].map((of) => queryObjects(of, { format: "count" }));
    return { buffers, bindGroups, pipelines, bytesInUse, bytesAllocated, objects };
  };
  await take(100);
  const before = await take(100);
  const { submissions, calls } = gpu.stats();
  expect(await take(1000)).toEqual(before);
  const after = gpu.stats();
  // one command buffer and one submission per step, and one per read: of every tenth loss, and of the parameters
  expect([after.calls - calls, after.submissions - submissions]).toEqual([1000, 1000 + 101]);
});

testOnGpuInCi("a GPU remains open as long as a function for it exists", async () => {
  const f = await openWebGpu().then((opened) => jit((x: Tensor) => x.mul(2), { device: opened }));
  for (let i = 0; i < 5; i++) {
    bytesInUse(); // collects garbage
    await new Promise(setImmediate);
  }
  expect(await f(tensor([1, 2], f32)).read()).toEqual(Float32Array.of(2, 4));
});

testOnGpu("a closed GPU refuses calls and reads", async () => {
  const closed = await openWebGpu({ gpu: gpuOfNode! });
  const f = jit((x: Tensor) => x.mul(2), { device: closed });
  const y = f(tensor([1, 2], f32));
  closed.close();
  expect(() => f(tensor([1, 2], f32))).toThrow("the GPU was closed. Open another with openWebGpu().");
  await expect(y.read()).rejects.toThrow("the GPU was closed");
  expect(() => jit((x: Tensor) => x.add(1), { device: gpu })(y)).toThrow("the GPU was closed");
});

test("without WebGPU the error says what to try", async () => {
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  await expect(openWebGpu({ gpu: none })).rejects.toMatchObject({
    code: "device",
    message: expect.stringContaining("mesa-vulkan-drivers") as string,
  });
  await expect(openWebGpu({ memoryBudget: 3 })).rejects.toMatchObject({ code: "range" });
  await expect(openWebGpu({ power: "low" } as never)).rejects.toMatchObject({ code: "option" });
  expect(() => jit((x: Tensor) => x, { device: "gpu" as never })).toThrow("await openWebGpu()");
});
