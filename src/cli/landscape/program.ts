import { digits } from "../../training/data/index.ts";
import { literal } from "../../pictures/viz/gradient-program.ts";
import { optimizerCode, readOptimizer } from "../shared/optimizers.ts";
import { withImports } from "../shared/program-text.ts";
import type { SliceSettings } from "./run.ts";

/** A slice of the loss of a network on the digits, as a program that runs as it is. */
export function landscapeProgram(settings: SliceSettings): string {
  const { directions, resolution, range, epochs, batch, hidden, seed, items } = settings;
  const { count } = digits();
  const steps = epochs * Math.ceil(count / batch);
  const optimizer = optimizerCode(readOptimizer(settings.optimizer, { what: "--optimizer", steps }));
  const some = Math.min(count, items);
  return withImports(`
const { images, labels, count } = digits();
const model = mlp(${literal([64, ...hidden, 10])});

// Training, with the parameters after each epoch.
const start = model.init(key(${seed}));
const path = [start];
const run = fit({
  params: start,
  loss: (params, { x, y }) => softmaxCrossEntropy(model.apply(params, x), y),
  data: dataset({ x: { shape: [count, 64], dtype: "float32", data: images }, y: labels })
    .shuffle({ seed: ${seed}, when: "each-epoch" })
    .batch(${batch}),
  optimizer: ${optimizer},
  epochs: ${epochs},
  seed: ${seed},
});
for await (const event of run) if (event.kind === "epoch") path.push(event.params);

const x = tensor(images.slice(0, ${some} * 64), { dtype: "float32", shape: [${some}, 64] });
const y = tensor(labels.slice(0, ${some}), { dtype: "int32" });
const loss = (params: typeof start) => softmaxCrossEntropy(model.apply(params, x), y);
const slice = landscape(loss, path[path.length - 1], {
  directions: ${JSON.stringify(directions)},
  path,
  resolution: ${resolution},
  seed: ${seed},${range === undefined ? "" : `\n  range: ${literal([range, range])},`}
});
console.log(landscapeText(slice));

// A picture: write it to a file.
export const picture = landscapeSvg(slice);
`);
}
