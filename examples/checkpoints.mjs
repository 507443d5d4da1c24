// Training that survives a crash: a run is stopped in the middle of an epoch and resumed from its checkpoint. It ends
// with the same bits as an uninterrupted run.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataset, digits } from "downhill/data";
import { mlp, softmaxCrossEntropy } from "downhill/nn";
import { adam } from "downhill/optim";
import { key } from "downhill/random";
import { checkpointFolder, fit } from "downhill/train";

const { images, labels, count } = digits();
const x = { shape: [count, 64], dtype: "float32", data: images };
const { init, apply } = mlp([64, 32, 10]);
const options = {
  params: init(key(0)),
  loss: (params, batch) => softmaxCrossEntropy(apply(params, batch.x), batch.y),
  data: dataset({ x, y: labels }).shuffle({ seed: 0 }).batch(32),
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
};

const folder = mkdtempSync(join(tmpdir(), "downhill-example-"));
const checkpoint = { store: checkpointFolder(folder), everySteps: 20 };
// the "crash": the loop over the run is left after 137 steps
for await (const { step } of fit({ ...options, checkpoint, every: "step" })) if (step === 137) break;

const resumed = await fit({ ...options, checkpoint, resume: true });
const unbroken = await fit(options);
rmSync(folder, { recursive: true });

assert.equal(JSON.stringify(resumed.params), JSON.stringify(unbroken.params));
console.log(
  `loss after ${resumed.step} steps: ${resumed.history.at(-1).loss.toFixed(4)}, as without the break`,
);
