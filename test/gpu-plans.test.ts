// Dispatches of a training step of the bench's networks on a GPU. No GPU is needed: the plan decides.
import { expect, test } from "vitest";
import * as dh from "downhill";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import { dispatchesOf } from "../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../src/engine/codegen/dispatch/plan.ts";
import { recordedRoutine } from "./support/device-plans.ts";

/** An array as data. */
interface PlainArray {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A network of the bench, for any library. */
interface BenchModel {
  readonly parameters: () => unknown;
  readonly batch: (library: string) => unknown;
  readonly losses: Readonly<Record<string, (library: object) => (...args: unknown[]) => dh.Tensor>>;
}

const bench = new URL("../bench/", import.meta.url).href;
const modelOf = async (file: string, name: string): Promise<BenchModel> => {
  const models = (await import(/* @vite-ignore */ `${bench}models/${file}.mjs`)) as Record<
    string,
    BenchModel
  >;
  return models[name]!;
};

function asTensors(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(asTensors);
  if (typeof data !== "object" || data === null) return data;
  if ("shape" in data && "values" in data) {
    const { shape, values } = data as PlainArray;
    return dh.tensor(values as number[]).reshape([...shape]);
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, asTensors(value)]));
}

/** Number of dispatches of a step of stochastic gradient descent. */
function dispatchesOfStep({ parameters, batch, losses }: BenchModel): number {
  const optimizer = optim.sgd({ learningRate: 0.1 });
  const gradients = dh.valueAndGrad(losses["downhill"]!({ ...dh, ...optim, ...nn })) as unknown as (
    ...args: unknown[]
  ) => [dh.Tensor, unknown];
  const step = (params: unknown, state: unknown, data: unknown): unknown => {
    const [loss, slopes] = gradients(params, data);
    const { updates, state: next } = optimizer.update(slopes as never, state as never, params as never);
    return [optim.applyUpdates(params as never, updates), next, loss];
  };
  const params = asTensors(parameters());
  const args = [params, optimizer.init(params as never), asTensors(batch("downhill"))];
  return dispatchesOf(planDispatches(recordedRoutine(step, args)).steps);
}

test.each([
  ["dense", "digitsMlp", 3],
  ["lenet", "lenet", 18],
  ["transformer", "transformer", 17],
  ["lstm", "lstm", 6],
])("a step of %s has the recorded number of dispatches", async (file, name, dispatches) => {
  expect(dispatchesOfStep(await modelOf(file, name))).toBe(dispatches);
});
