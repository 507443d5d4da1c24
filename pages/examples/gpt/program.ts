/** A transformer that learns one line, executed by a test. */
export const program = `import { add, grad, jit, slice, tensor } from "downhill";
import {
  dense, denseInit, embedding, softmaxCrossEntropy, transformerEncoderInit,
  transformerEncoderLayer,
} from "downhill/nn";
import { adam, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";

const line = "the cat sat on the mat, the rat on the cat.";
const kinds = [...new Set(line)].sort();
const text = tensor(
  [...line].map((c) => kinds.indexOf(c)),
  { dtype: "int32" },
);
const [a, b, c, d] = random.split(random.key(1), 4);
let params = {
  characters: random.normal(a, [kinds.length, 16]),
  places: random.normal(b, [line.length - 1, 16]),
  layer: transformerEncoderInit(c, 16, 64),
  scores: denseInit(d, 16, kinds.length),
};
const scores = (p, characters) => {
  const x = add(embedding(p.characters, characters), p.places);
  return dense(
    p.scores,
    transformerEncoderLayer(p.layer, x, { heads: 1, causal: true, normFirst: true }),
  );
};
const loss = (p) => softmaxCrossEntropy(scores(p, text.slice(0, -1)), text.slice(1));
const { init, update } = adam({ learningRate: 0.01 });
const [slope, likeliest] = [
  jit(grad(loss)),
  jit((p, characters) => scores(p, characters).argmax(1)),
];
for (let i = 0, state = init(params); i < 150; i++) {
  const step = update(slope(params), state, params);
  [params, state] = [applyUpdates(params, step.updates), step.state];
}
const written = Array(line.length).fill(kinds.indexOf("t")); // later characters are ignored
for (let i = 1; i < line.length; i++)
  written[i] = likeliest(params, tensor(written.slice(0, -1), { dtype: "int32" }))
    .at(i - 1)
    .item();
console.log(written.map((i) => kinds[i]).join(""));`;

/** Expected output of the program. */
export const printed = `the cat sat on the mat, the rat on the cat.`;
