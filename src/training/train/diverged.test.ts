import { add, debug, div, exp, log, mean, mul, sqrt, square, sub, sum, type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { adam, lbfgs, type Optimizer, sgd } from "downhill/optim";
import { type Checkpoint, checkpointMemory, type CheckpointStore, fit } from "downhill/train";
import { afterEach, describe, expect, test } from "vitest";

interface Params {
  readonly w: Tensor;
}
interface Points {
  readonly x: Tensor;
}
const options = {
  params: { w: tensor([1, 2]) } as Params,
  loss: ({ w }: Params, { x }: Points): Tensor => mean(square(sub(w, x))),
  data: dataset({ x: [[1, 2], [3, 4], [5, 6], [7, 8]] }).batch(1), // prettier-ignore
  optimizer: sgd({ learningRate: 0.1 }) as Optimizer<Params, unknown>,
  epochs: 3,
};

/** Returns the message of the error that ends a run. */
async function endOf(run: PromiseLike<unknown>): Promise<string> {
  return Promise.resolve(run).then(
    () => "no error",
    (error: unknown) => (error as Error).message,
  );
}

describe("a run that diverges names the step and the first operation that made a bad number", () => {
  afterEach(() => debug({ nan: false }));

  test.each<[string, (p: Params, b: Points) => Tensor, RegExp]>([
    [
      "a logarithm of 0",
      ({ w }, { x }) => sum(mul(w, log(sub(x, 1)))),
      /^fit: the loss is -?Infinity at step 1 .* Keep the argument of log above 0.* comes from log: its value became -Infinity at element 0 in the forward pass: .* Called at .*diverged\.test\.ts:\d+:\d+\./,
    ],
    [
      "an exponential of a large number",
      ({ w }, { x }) => sum(mul(w, exp(mul(x, 1000)))),
      /Keep the argument of exp small.* comes from exp: its value became Infinity/,
    ],
    [
      "a slope of infinity",
      ({ w }, { x }) => sum(sqrt(mul(mul(w, 0), x))),
      /^fit: the step is not finite at step 1 .*though the loss is 0\..* Keep the argument of sqrt away from 0.* comes from sqrt: its cotangent became/,
    ],
    [
      "a division by 0",
      ({ w }, { x }) => sum(div(w, sub(x, x))),
      /Keep the divisor away from 0.* comes from div: its value became Infinity/,
    ],
  ])("%s", async (_, loss, message) => {
    const run = fit({ ...options, loss });
    expect(await endOf(run)).toMatch(message);
    expect(run.latest.params.w.tolist()).toEqual([1, 2]);
  });

  test("and has the error of that operation as its cause", async () => {
    const run = fit({ ...options, loss: ({ w }) => sum(log(mul(w, 0))) });
    await expect(run).rejects.toMatchObject({ code: "nan", cause: { code: "nan" } });
  });

  test("also with an optimiser with a line search, and with several batches per step", async () => {
    const loss = ({ w }: Params, { x }: Points): Tensor => sum(mul(w, log(sub(x, 5))));
    const message = /comes from log: its value became (NaN|-Infinity)/;
    expect(await endOf(fit({ ...options, loss, optimizer: lbfgs() }))).toMatch(message);
    expect(await endOf(fit({ ...options, loss, accumulate: 2 }))).toMatch(message);
  });

  test("also while the user debugs", async () => {
    debug({ nan: true });
    const loss = ({ w }: Params, { x }: Points): Tensor => sum(mul(w, log(sub(x, 5))));
    expect(await endOf(fit({ ...options, loss }))).toMatch(
      /^fit: a number is not finite at step 1 \(epoch 1, batch 1\)\..* comes from log: its value became NaN/,
    );
    expect(() => log(-1)).toThrow("log: its value became NaN"); // debugging is still on
  });

  test("and turns debugging off again", async () => {
    await endOf(fit({ ...options, loss: ({ w }) => sum(log(mul(w, 0))) }));
    expect(log(-1).item()).toBe(Number.NaN);
  });
});

describe("a bad number in the inputs", () => {
  test("is named with its path and element", async () => {
    const data = dataset({ x: [[1, 2], [3, Number.NaN]] }).batch(2); // prettier-ignore
    expect(await endOf(fit({ ...options, data }))).toMatch(
      /^fit: the loss is NaN at step 1 \(epoch 1, batch 1\)\. Check the data: fill such values in or remove the items\. The first such number is in the inputs: batch\.x, element 3, is NaN\./,
    );
  });
});

describe("no bad state is kept", () => {
  const storeOf = (): { readonly store: CheckpointStore; readonly saved: Checkpoint[] } => {
    const saved: Checkpoint[] = [];
    const memory = checkpointMemory();
    const save = async (checkpoint: Checkpoint): Promise<void> => {
      saved.push(checkpoint);
      await memory.save(checkpoint);
    };
    return { store: { ...memory, save }, saved };
  };

  test("if the state of the optimiser overflows though its steps are finite", async () => {
    // The square of the gradient is infinite, so Adam's step is 0 from then on.
    const { store, saved } = storeOf();
    const loss = ({ w }: Params, { x }: Points): Tensor => sum(mul(w, mul(x, 1e200)));
    const run = fit({ ...options, loss, optimizer: adam(), checkpoint: { store, everySteps: 1 } });
    expect(await endOf(run)).toMatch(
      /^fit: after step 1, state\.meanSquare\.w, element 0, is Infinity, so this state is not saved\. Lower the learning rate/,
    );
    expect(saved).toEqual([]);
  });

  test("but the sum of several batches before the bad one is kept", async () => {
    const { store } = storeOf();
    const shared = { ...options, accumulate: 3, epochs: 1 };
    const run = fit({
      ...shared,
      data: [1, 3, Number.NaN, 7].map((v) => ({ x: tensor([[v, v + 1]]) })),
      checkpoint: { store },
    });
    expect(await endOf(run)).toMatch(/batch 3\).* The checkpoint holds the state after step 0\.$/);
    const data = [1, 3, 5, 7].map((v) => ({ x: tensor([[v, v + 1]]) }));
    const mended = await fit({ ...shared, data, checkpoint: { store }, resume: true });
    expect(mended.params.w.tolist()).toEqual((await fit({ ...shared, data })).params.w.tolist());
  });

  test("in any checkpoint of a run that diverges slowly", async () => {
    const { store, saved } = storeOf();
    const run = fit({
      ...options,
      loss: ({ w }, { x }) => add(sum(square(square(w))), sum(x)),
      optimizer: sgd({ learningRate: 0.4 }),
      epochs: 40,
      checkpoint: { store, everySteps: 1 },
    });
    expect(await endOf(run)).toMatch(/^fit: .*not finite|^fit: the loss is Infinity/);
    expect(saved.length).toBeGreaterThan(2);
    for (const { state, tensors } of saved) {
      expect(state).not.toMatch(/NaN|Infinity/);
      expect(tensors.length).toBeGreaterThan(16);
    }
    const { checkpoint } = await store.load();
    expect(checkpoint!.step).toBe(run.latest.step);
  });
});
