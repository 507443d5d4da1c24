import { describe, expect, test } from "vitest";
import { mul, square, sub, tensor, type Tensor } from "../../index.ts";
import { sgd } from "../../numeric/optim/index.ts";
import type { DownhillError } from "../../engine/errors/index.ts";
import type { DivergenceRule } from "./divergence.ts";
import { evaluator } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { checkpointMemory } from "./checkpoint/store.ts";
import type { LossContext } from "./loss.ts";

interface Batch {
  readonly x: Tensor;
}

/** Twenty batches of one item: a step multiplies w by 1 − 2 · rate. */
const data = Array.from({ length: 20 }, () => ({ x: tensor([1]) }));
const error = (w: Tensor, { x }: Batch): Tensor => square(mul(w, x)).mean();

interface Asked {
  readonly rate: number;
  readonly epochs?: number;
  readonly divergence?: DivergenceRule | false;
  readonly loss?: (w: Tensor, batch: Batch, context: LossContext) => Tensor;
  readonly start?: number;
  readonly data?: Iterable<Batch>;
}

/** Trains; returns the number of epochs, and code and message of the error that ended the run. */
async function outcome(asked: Asked): Promise<{ epochs: number; code: string; message: string }> {
  const { rate, epochs = 12, loss = error, start = 1, divergence } = asked;
  const run = fit({
    params: tensor(start),
    loss,
    data: asked.data ?? data,
    optimizer: sgd({ learningRate: rate }),
    epochs,
    divergence,
  });
  const problem = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { history } = run.latest;
  if (problem === undefined) return { epochs: history.length, code: "none", message: "" };
  const { code, message } = problem as DownhillError;
  return { epochs: history.length, code, message };
}

describe("a run with finite numbers counts as diverged", () => {
  test("if its loss is a thousand times the initial one and rises", async () => {
    const { epochs, code, message } = await outcome({ rate: 1.05 });
    expect([epochs, code]).toEqual([5, "diverged"]);
    expect(message).toMatch(
      /^fit: the run has diverged: the loss after epoch 5 is 18\d{7} and does not decrease; the loss of the initial parameters is 1 on the same data\. Lower the learning rate \(it is 1\.05\)/,
    );
  });

  test("and the log reports it, and the state reached stays available", async () => {
    const told: unknown[] = [];
    const run = fit({
      params: tensor(1),
      loss: error,
      data,
      optimizer: sgd({ learningRate: 1.05 }),
      epochs: 12,
      log: (entry) => void (entry.kind === "end" && told.push(entry.stopped)),
    });
    await expect(run).rejects.toThrow("has diverged");
    expect(told).toEqual(["diverged"]);
    expect(run.latest.step).toBe(100);
  });

  test("at the same epoch if it was interrupted and resumed", async () => {
    const store = checkpointMemory();
    const part = (epochs: number, resume: boolean): PromiseLike<unknown> =>
      fit({
        params: tensor(1),
        loss: error,
        data,
        optimizer: sgd({ learningRate: 1.05 }),
        epochs,
        checkpoint: { store },
        resume,
      });
    await part(3, false);
    await expect(part(12, true)).rejects.toThrow("the loss after epoch 5 is");
  });

  test("unless the rule is off, has a larger factor, or an exemption applies", async () => {
    const goesOn = async (divergence: DivergenceRule | false): Promise<number> =>
      (await outcome({ rate: 1.05, epochs: 7, divergence })).epochs;
    expect(await goesOn(false)).toBe(7);
    expect(await goesOn({ factor: 1e12 })).toBe(7);
    const asked: number[][] = [];
    const unless = (now: { loss: number }, start: { loss: number }): boolean =>
      asked.push([now.loss, start.loss]) > 0;
    expect(await goesOn({ unless })).toBe(7);
    const evaluate = evaluator(error);
    expect(asked).toEqual([[expect.any(Number), (await evaluate(tensor(1), data)).loss]]);
  });
});

describe("a healthy run never counts as diverged", () => {
  test.each<[string, Asked]>([
    ["large losses that fall slowly", { rate: 1e-5, start: 1e5 }],
    ["large losses that do not fall", { rate: 0, start: 1e5 }],
    ["a first loss of 0", { rate: 0.1, start: 0, loss: (w, { x }) => square(sub(mul(w, x), 1e4)).mean() }],
    [
      "a loss that is weighted more and more",
      {
        rate: 1e-9,
        loss: (w, batch, { step }) => mul(error(w, batch), mul(square(step), 1e4)),
      },
    ],
    ["few steps", { rate: 1.2, epochs: 20, data: data.slice(0, 4) }],
    [
      "a loss below 0 that was far lower",
      { rate: 1e-3, start: 100, loss: (w, { x }) => mul(w, x).mean().mul(-1e3) },
    ],
  ])("%s", async (_, asked) => {
    expect((await outcome({ epochs: 20, ...asked })).code).toBe("none");
  });

  test("data that can be read only once per epoch are not read twice", async () => {
    let reads = 0;
    const counted: Iterable<Batch> = {
      [Symbol.iterator]() {
        reads++;
        return data[Symbol.iterator]();
      },
    };
    expect(await outcome({ rate: 1.05, epochs: 6, data: counted })).toMatchObject({
      epochs: 6,
      code: "none",
    });
    expect(reads).toBe(6);
  });
});

test.each<[unknown, string]>([
  [{ factor: 0 }, "fit: divergence: factor must be a number of 1 or more, got 0."],
  [{ unless: 1 }, "fit: divergence: unless must be a function"],
  [{ factr: 2 }, 'fit: divergence: unknown option "factr". Did you mean "factor"?'],
])("refuses the rule %j", (divergence, message) => {
  const wrong = divergence as DivergenceRule;
  expect(() =>
    fit({
      params: tensor(1),
      loss: error,
      data,
      optimizer: sgd({ learningRate: 1 }),
      epochs: 1,
      divergence: wrong,
    }),
  ).toThrow(message);
});
