import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  arange,
  cond,
  exp,
  grad,
  greater,
  jit,
  less,
  log,
  matmul,
  scan,
  tanh,
  tensor,
  valueAndGrad,
  whileLoop,
  zeros,
} from "downhill";
import type { WebGpu } from "downhill/webgpu";
import { openWebGpu } from "downhill/webgpu";
import { gpuOfNode, testOnGpu } from "../../../../test/support/webgpu.ts";
import { engine } from "../engine.ts";

const f32 = { dtype: "float32" } as const;

let gpu: WebGpu;
beforeAll(async () => {
  if (gpuOfNode !== undefined) gpu = await openWebGpu({ gpu: gpuOfNode });
});
afterAll(() => {
  gpu?.close();
  engine.copies = undefined; // other test files in this process use one device
});

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
  expect(() => y.sum().item()).toThrow("Pass tensor(await x.read()) instead.");
  expect(() => grad((x: Tensor) => x.mul(x).sum())(y)).toThrow("await x.read()");
  expect(() => jit((x: Tensor) => x.add(1))(y)).toThrow(expect.objectContaining({ code: "device" }));
  y[Symbol.dispose]();
  expect(() => y.data()).toThrow("donated");
});

testOnGpu("arrays of float64 and calls inside transforms are refused with the repair", () => {
  const f = jit((x: Tensor) => x.mul(2), { device: gpu });
  expect(() => f(tensor([1, 2]))).toThrow(
    /does not support float64, the dtype of operand 0 \(f64\[2\]\)\. .*x\.astype\("float32"\)/,
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

testOnGpu("a closed GPU refuses calls and reads", async () => {
  const closed = await openWebGpu({ gpu: gpuOfNode! });
  const f = jit((x: Tensor) => x.mul(2), { device: closed });
  const y = f(tensor([1, 2], f32));
  closed.close();
  expect(() => f(tensor([1, 2], f32))).toThrow("the GPU was closed. Open another with openWebGpu().");
  await expect(y.read()).rejects.toThrow("the GPU was closed");
  expect(() => jit((x: Tensor) => x.add(1), { device: gpu })(y)).toThrow("would have to wait");
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
