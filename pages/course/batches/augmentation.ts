// Learns a small set of digits, with or without random changes to the images.
import { argmax, equal, mean, tensor, valueAndGrad } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { digits, randomRotation, randomShift } from "downhill/data";
import { softmaxCrossEntropy } from "downhill/nn";
import { adam, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";
import { type Changes, counts, type Learned, learnedEpochs } from "./orders.ts";
import { begin, classify, images, type Images, networkLoss, type Params, pixels } from "./network.ts";

const batchSize = 20;

/**
 * Trains a small network and yields its losses and accuracies before the first epoch and after every fifth.
 *
 * @param changes random changes to the images of each batch; `undefined` for none
 */
export function* learn(changes: Changes | undefined, seed = 0): Generator<Learned> {
  const [train, test] = [images(0, counts.train), images(counts.train, counts.test)];
  const optimizer = adam({ learningRate: 0.005 });
  const step = jit((params: Params, state: ReturnType<typeof optimizer.init>, batch: Images) => {
    const [, slope] = valueAndGrad((p: Params) => networkLoss(p, batch))(params);
    const { updates, state: next } = optimizer.update(slope, state, params);
    return { params: applyUpdates(params, updates), state: next };
  });
  const judge = jit((params: Params, { x, y }: Images) => {
    const logits = classify(params, x);
    const found = equal(argmax(logits, { axis: 1 }), y).astype("float32");
    return [softmaxCrossEntropy(logits, y), mean(found)] as const;
  });
  const weights = begin(random.key(seed));
  let at = { params: weights, state: optimizer.init(weights) };
  const stand = (epoch: number): Learned => {
    const [trainLoss, trainAccuracy] = judge(at.params, train);
    const [testLoss, testAccuracy] = judge(at.params, test);
    return {
      epoch,
      trainLoss: trainLoss.item(),
      testLoss: testLoss.item(),
      trainAccuracy: trainAccuracy.item(),
      testAccuracy: testAccuracy.item(),
    };
  };
  yield stand(0);
  for (let epoch = 1; epoch <= learnedEpochs; epoch++) {
    const key = random.foldIn(random.key(seed + 1000), epoch);
    for (const batch of batchesOf(changes, key)) at = step(at.params, at.state, batch);
    if (epoch % 5 === 0) yield stand(epoch);
  }
}

/** Batches of one epoch: each image once, randomly changed. */
function* batchesOf(changes: Changes | undefined, key: random.KeyWords): Generator<Images> {
  const { images: ink, labels } = digits();
  const order = Array.from(random.permutation(key, counts.train).data(), Number);
  for (let from = 0; from < counts.train; from += batchSize) {
    const chosen = order.slice(from, from + batchSize);
    const plain = new Float32Array(batchSize * pixels);
    chosen.forEach((item, i) => plain.set(ink.subarray(item * pixels, (item + 1) * pixels), i * pixels));
    const seen = changes === undefined ? plain : changed(plain, changes, random.foldIn(key, from));
    yield {
      x: tensor(seen, { shape: [batchSize, pixels] }),
      y: tensor(
        Int32Array.from(chosen, (item) => labels[item]!),
        { dtype: "int32" },
      ),
    };
  }
}

/** Applies independent random changes to images. */
function changed(plain: Float32Array, { turn, noise, shift }: Changes, key: random.KeyWords): Float32Array {
  const sides = [8, 8] as const;
  const column = { shape: [plain.length / pixels, pixels], dtype: "float32", data: plain } as const;
  const moved = randomShift(column, { key: random.foldIn(key, 1), pixels: shift, sides });
  const turned = randomRotation(moved, { key: random.foldIn(key, 2), degrees: turn, sides })
    .data as Float32Array;
  const added = random.normal(random.foldIn(key, 3), [turned.length]).data();
  return turned.map((x, i) => x + noise * Number(added[i]));
}

/** Changed versions of one digit: one array per image, with pixels from 0 (paper) to 1 (ink). */
export function versions(changes: Changes, count: number): number[][] {
  const one = digits().images.subarray(7 * pixels, 8 * pixels);
  const copies = new Float32Array(count * pixels);
  for (let i = 0; i < count; i++) copies.set(one, i * pixels);
  const all = changed(copies, changes, random.key(1));
  const each = Array.from({ length: count }, (_, i) => [...all.subarray(i * pixels, (i + 1) * pixels)]);
  return [[...one], ...each];
}
