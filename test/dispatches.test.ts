// Numbers of dispatches of training steps on a GPU, and their bits.
import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as downhill from "downhill";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
// @ts-expect-error -- plain JavaScript of the bench
import { digitsMlp } from "../bench/models/dense.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { lenet } from "../bench/models/lenet.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { lstm } from "../bench/models/lstm.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { transformer } from "../bench/models/transformer.mjs";
import { wasmBackend } from "../src/engine/backends/wasm/index.ts";
import { dispatchesOf } from "../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../src/engine/codegen/dispatch/plan.ts";
import { printPlan } from "../src/engine/codegen/dispatch/print.ts";
import { makeArray } from "../src/engine/kernel/executable.ts";
import { expectPlanAgrees, recordedRoutine } from "./support/device-plans.ts";
import { extent } from "./support/extent.ts";

/** A model of the bench, see bench/training.mjs. */
interface Model {
  readonly name: string;
  readonly parameters: () => object;
  readonly batch: (library: "downhill") => object;
  readonly losses: { readonly downhill: (library: object) => (p: object, batch: object) => Tensor };
}

interface Leaf {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function tensorsOf(leaves: object): object {
  if ("values" in leaves) return downhill.tensor((leaves as Leaf).values).reshape((leaves as Leaf).shape);
  return Object.fromEntries(Object.entries(leaves).map(([name, leaf]) => [name, tensorsOf(leaf as object)]));
}

/** The routine of a training step by gradient descent. */
function stepOf({ parameters, batch, losses }: Model): ReturnType<typeof recordedRoutine> {
  const optimizer = optim.sgd({ learningRate: 0.1 });
  const loss = losses.downhill({ ...downhill, ...nn, ...optim });
  const step = (p: never, state: never, data: object): unknown => {
    const [value, grads] = downhill.valueAndGrad((q: never) => loss(q, data))(p);
    const { updates, state: next } = optimizer.update(grads, state, p);
    return [optim.applyUpdates(p, updates), next, value];
  };
  const first = tensorsOf(parameters());
  return recordedRoutine(step, [first, optimizer.init(first as never), tensorsOf(batch("downhill"))]);
}

const steps: readonly (readonly [Model, dispatches: number])[] = [
  [digitsMlp as Model, 3],
  [lenet as Model, 10 + 4 * 2],
  [lstm as Model, 6],
  [transformer as Model, 17],
];

test.each(steps)(
  "a training step of $name takes few dispatches, with the processor's bits",
  (model, most) => {
    const routine = stepOf(model);
    const plan = planDispatches(routine);
    expect(dispatchesOf(plan.steps), printPlan(plan)).toBeLessThanOrEqual(most);
    if (extent(0, 1, 1) === 0 && model.name !== "lstm") return; // compiling all of them takes seconds
    const inputs = routine.inputs.map((port, n) => {
      const [type, size] =
        port.kind === "scalar" ? [port.type, 1] : [port.buffer.type, port.buffer.size as number];
      const array = makeArray(type, size);
      for (let i = 0; i < size; i++) array[i] = type === "i32" ? i % 10 : Math.sin(1 + n + i * 1.3) * 0.3;
      return array;
    });
    expectPlanAgrees(routine, inputs, wasmBackend);
  },
);
