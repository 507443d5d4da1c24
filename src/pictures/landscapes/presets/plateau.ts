import { tanh } from "../../../numeric/array/elementwise.ts";
import { mlp, softmaxCrossEntropy } from "../../../numeric/nn/index.ts";
import { reduceOnPlateau, sgd } from "../../../numeric/optim/index.ts";
import { key } from "../../../numeric/random/index.ts";
import { dataset, moons } from "../../../training/data/index.ts";
import { fit } from "../../../training/train/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { meanOf } from "../numbers.ts";
import { definePreset, type Preset } from "./preset.ts";

const epochs = 40;
const rate = 0.3; // too high to converge, but fast at first
const factor = 0.3;
/** For each run, the number of epochs without progress that the rule tolerates; `undefined` for a constant rate. */
const patiences = [undefined, 2, 0, 8] as const;

/** A training run of a network whose rate is lowered when its loss stops falling. */
export interface PlateauRun {
  readonly name: string;
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
  /** Learning rate of each epoch. */
  readonly rates: readonly number[];
}

/** Trains the same network on the same points in the same order, once for each of `patiences`. */
export async function trainOnPlateaus(seed: number): Promise<PlateauRun[]> {
  const { x, y } = moons({ n: 400, noise: 0.3, seed });
  const net = mlp([2, 16, 2], { activation: tanh });
  const runs: PlateauRun[] = [];
  for (const patience of patiences) {
    const { history } = await fit({
      params: net.init(key(seed)),
      loss: (params, batch) => softmaxCrossEntropy(net.apply(params, batch.x), batch.y),
      data: dataset({ x, y }).shuffle({ seed, when: "each-epoch" }).batch(10),
      optimizer: sgd({ learningRate: rate, momentum: 0.9 }),
      epochs,
      plateau: patience === undefined ? undefined : reduceOnPlateau({ factor, patience }),
    });
    runs.push({
      name: patience === undefined ? `η = ${rate} held` : `patience ${patience}`,
      losses: history.map(({ loss }) => loss),
      rates: history.map(({ rateScale }) => rate * rateScale),
    });
  }
  return runs;
}

/** Returns the mean loss of the last five epochs. */
export function endOf({ losses }: PlateauRun): number {
  return meanOf(losses.slice(-5));
}

/** Study: lowering the learning rate when progress stops. */
export const rateOnPlateau: Preset = /* @__PURE__ */ definePreset(
  {
    name: "plateau",
    title: "Lowering the rate where progress stops",
    claim:
      "A rate that is right for the way is too high for the end: the loss goes up and down and falls no more. Lowering the rate after some epochs without progress ends far below it, with no moment chosen beforehand. No patience at all lowers it too early, much patience late.",
  },
  async () => {
    const runs = await trainOnPlateaus(0);
    const at = Array.from({ length: epochs }, (_, epoch) => epoch + 1);
    const drops = ({ rates }: PlateauRun): number =>
      rates.filter((value, i) => i > 0 && value < rates[i - 1]!).length;
    return {
      findings: runs.map(
        (run) =>
          `${run.name}: mean loss of the last 5 epochs ${showNumber(endOf(run), 3)}; the rate was lowered ${drops(run)} times.`,
      ),
      figures: [
        {
          kind: "lines",
          title: "Loss of two moons, by epoch",
          x: { label: "epoch" },
          y: { label: "loss", log: true },
          series: runs.map(({ name, losses }) => ({ name, x: at, y: losses, style: "line" })),
        },
        {
          kind: "lines",
          title: "The rates",
          x: { label: "epoch" },
          y: { label: "learning rate η", log: true },
          series: runs.map(({ name, rates }) => ({ name, x: at, y: rates, style: "line" })),
          note: `Each drop multiplies the rate by ${factor}.`,
        },
      ],
    };
  },
);
