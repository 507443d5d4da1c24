import { literal } from "../../pictures/viz/gradient-program.ts";
import { optimizerCode } from "../shared/optimizers.ts";
import { floatsCode, withImports } from "../shared/program-text.ts";
import type { LearningProblem } from "../train/data.ts";
import type { OptimizationMethod } from "../train/method.ts";
import type { TrainableNetwork } from "../train/model.ts";
import type { TrainingSettings } from "../train/settings.ts";
import type { DataSource } from "../train/source.ts";

const mostNumbers = 100_000; // in a program; longer ones are slow to paste

/**
 * A range test as a program that runs as it is. It contains the training data, except the digits, which are part of the
 * library. Undefined for larger data.
 *
 * @param range the options of the test other than its optimiser and its data
 */
export function rangeProgram(
  source: DataSource,
  { train, task }: LearningProblem,
  { sizes }: TrainableNetwork,
  { method, batch, seed }: TrainingSettings,
  range: object,
): string | undefined {
  const data = source.kind === "digits" ? digitsCode(seed) : dataCode(train, mostNumbers);
  if (data === undefined) return undefined;
  const type = task.kind === "classification" ? "int32" : "float32";
  const loss =
    task.kind === "classification"
      ? "softmaxCrossEntropy(model.apply(params, x), y)"
      : "meanSquaredError(model.apply(params, x).reshape(y.shape), y)";
  return withImports(`
${data}
const model = mlp(${literal(sizes)});

const { suggestion, stopped, rates, losses } = await lrRangeTest({
  params: model.init(foldIn(key(${seed}), 2 ** 32 - 1)),
  loss: (params, { x, y }) => ${loss},
  data: dataset({
    x: { shape: [y.length, ${sizes[0]!}], dtype: "float32", data: x },
    y: { shape: [y.length], dtype: "${type}", data: y },
  })
    .shuffle({ seed: ${seed} })
    .batch(${literal(batch)}),
  optimizer: (learningRate) => ${methodCode(method)},
  seed: ${seed},
${Object.entries(range)
  .map(([name, value]) => `  ${name}: ${literal(value)},\n`)
  .join("")}});
console.log(stopped, "after", rates.length, "steps, last loss", losses[losses.length - 1]);
console.log(JSON.stringify(suggestion));
`);
}

function digitsCode(seed: number): string {
  return `const { images, labels } = digits();
const { train } = stratifiedSplit({ labels, testFraction: 0.2, seed: ${seed} });
const x = new Float32Array(train.length * 64);
train.forEach((row, i) => x.set(images.subarray(row * 64, row * 64 + 64), i * 64));
const y = Int32Array.from(train, (row) => labels[row]);
`;
}

function dataCode({ x, y }: LearningProblem["train"], most: number): string | undefined {
  if (x.data.length > most) return undefined;
  const kind = y.dtype === "int32" ? "Int32Array" : "Float32Array";
  return `// Training items: inputs as the network gets them, and targets.
const x = Float32Array.from(${floatsCode(x.data)});
const y = ${kind}.from(${floatsCode(y.data)});
`;
}

/** Writes the optimiser with the rate `learningRate`, and what the method adds to it. */
function methodCode({ optimizer, momentum, clip }: OptimizationMethod): string {
  const options = { ...optimizer.options, ...(momentum === undefined ? {} : { momentum }) };
  const stepper = optimizerCode({
    name: optimizer.name,
    options: { ...options, learningRate: "" },
    schedules: { ...optimizer.schedules, learningRate: "learningRate" },
  });
  const all =
    optimizer.name === "muon"
      ? `multiTransform({ matrices: ${stepper}, rest: adamw({ learningRate }) }, (_, x) => (x.ndim === 2 ? "matrices" : "rest"))`
      : stepper;
  return clip === undefined ? all : `chain(clipByGlobalNorm(${clip}), ${all})`;
}
