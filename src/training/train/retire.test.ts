// Memory of parameters that nothing holds is reused; tensors that were handed out stay unchanged.
import { add, matmul, mean, mul, square, sub, tanh, type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { adam, chain, ema, freeze, lookahead, multiTransform, type Optimizer, sgd } from "downhill/optim";
import { fit, type FitOptions } from "downhill/train";
import { describe, expect, test } from "vitest";

interface Params {
  readonly w: Tensor;
  readonly fixed: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}
const n = 64; // a matrix of 64 × 64 is large enough to stay in kernel memory
const wave = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * scale));
const start = (): Params => ({
  w: tensor(wave(n * n, 0.7), { shape: [n, n] }),
  fixed: tensor(wave(n * n, 1.3), { shape: [n, n] }),
});
const data = dataset({
  x: { shape: [20, n], dtype: "float32", data: wave(20 * n, 0.3) },
  y: { shape: [20, n], dtype: "float32", data: wave(20 * n, 0.9) },
}).batch(6);
const loss = ({ w, fixed }: Params, { x, y }: Points): Tensor =>
  mean(square(sub(add(matmul(tanh(matmul(x, w)), fixed), mul(x, 0.1)), y)));
const optimizers: Readonly<Record<string, Optimizer<Params, unknown>>> = {
  adam: adam({ learningRate: 0.01 }),
  "momentum, one matrix frozen": multiTransform(
    { moved: sgd({ learningRate: 0.01, momentum: 0.9 }), rest: freeze() },
    { w: "moved", fixed: "rest" },
  ),
  "lookahead and an average": chain(sgd({ learningRate: 0.01 }), lookahead({ every: 3 }), ema()),
};
const optionsOf = (name: string): FitOptions<Params, unknown, Points> => ({
  params: start(),
  loss,
  data,
  optimizer: optimizers[name]!,
  epochs: 3,
});
const numbers = ({ w, fixed }: Params): number[] => [...w.data(), ...fixed.data()];

describe.each(Object.keys(optimizers))("with %s", (name) => {
  test("parameters that were handed out stay unchanged: in events, hooks, latest, best, and the initial ones", async () => {
    const options = optionsOf(name);
    const first = numbers(options.params);
    const held: { params: Params; then: number[] }[] = [];
    const hold = (params: Params): void => void held.push({ params, then: numbers(params) });
    const run = fit({
      ...options,
      every: "step",
      keepBest: true,
      hooks: { step: ({ step, params }) => (step % 2 === 0 ? hold(params) : undefined) },
    });
    for await (const event of run) {
      if (event.kind === "step" && event.step % 3 === 0) hold(event.params);
      if (event.kind === "epoch") hold(event.params);
      if (event.step === 7) hold(run.latest.params);
    }
    const { best } = await run;
    expect(held.length).toBeGreaterThan(10);
    for (const { params, then } of held) expect(numbers(params)).toEqual(then);
    expect(numbers(best!.params)).toEqual(held.find(({ params }) => params.w === best!.params.w)!.then);
    expect(numbers(options.params)).toEqual(first);
  });

  test("a run that hands out nothing ends with the same bits", async () => {
    const watched = await fit({ ...optionsOf(name), hooks: { step: () => {} } });
    const plain = await fit(optionsOf(name));
    expect(numbers(plain.params)).toEqual(numbers(watched.params));
    expect(JSON.stringify(plain.state)).toBe(JSON.stringify(watched.state));
    const bySteps = await fit({ ...optionsOf(name), accumulate: 2 });
    const watchedBySteps = await fit({ ...optionsOf(name), accumulate: 2, hooks: { step: () => {} } });
    expect(numbers(bySteps.params)).toEqual(numbers(watchedBySteps.params));
    // the last batch has fewer items than shards
    const cut = { ...optionsOf(name), shards: 4, accumulate: 3 };
    const whole = { ...cut, data: [...data.epoch(0)].toReversed() };
    for (const options of [cut, whole]) {
      const [quiet, told] = [await fit(options), await fit({ ...options, hooks: { step: () => {} } })];
      expect(numbers(quiet.params)).toEqual(numbers(told.params));
      // sums of 18 float32 numbers in another order, over three epochs
      const unsharded = numbers((await fit({ ...options, shards: 1 })).params);
      numbers(quiet.params).forEach((x, i) => expect(Math.abs(x - unsharded[i]!)).toBeLessThan(1e-3));
    }
  });

  test("final parameters of one run can start another, and stay valid", async () => {
    const { params } = await fit(optionsOf(name));
    const then = numbers(params);
    await fit({ ...optionsOf(name), params });
    await fit({ ...optionsOf(name), params });
    expect(numbers(params)).toEqual(then);
  });

  test("the last good parameters are available after a non-finite step", async () => {
    const run = fit({
      ...optionsOf(name),
      loss: (p, batch, { step }) => mul(loss(p, batch), sub(5, step).astype("float32").log().mul(0).add(1)),
      epochs: 9,
    });
    await expect(run).rejects.toThrow("fit: the loss is NaN at step 6");
    expect(run.latest.step).toBe(5);
    expect(numbers(run.latest.params).every(Number.isFinite)).toBe(true);
  });
});
