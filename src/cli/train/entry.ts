import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill train`. */
export const trainEntry: LazyCommand = {
  description: "Train a small network and write a report",
  examples: [
    ["downhill train digits", "built-in handwritten digits, by mini-batch SGD with momentum"],
    [
      "downhill train digits --batch full --lr 0.5 --epochs 200",
      "plain gradient descent; --batch 1 is stochastic",
    ],
    [
      "downhill train digits --optimizer adam --seed 7 --out seven.html",
      "another optimiser, seed and report",
    ],
    ["downhill train --data iris.csv --target species", "a table of your own: classes if the target is text"],
    [
      "downhill train --data titanic.csv --target survived --features age,sex,fare --missing mean",
      "columns of text, and cells without a value",
    ],
    [
      "downhill train --data houses.csv --target price --features rooms,area --hidden none",
      "numbers from two columns, by a linear model",
    ],
    [
      "downhill train --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz",
      "MNIST, Fashion-MNIST and similar sets",
    ],
    [
      'downhill train digits --optimizer "adam(beta1=0.8)" --schedule "cosine warmup=50" --clip 1',
      "options of the optimiser, a schedule of the rate, clipped gradients",
    ],
    [
      "downhill train digits --augment rotate=10,noise=0.05 --schedule cosine",
      "random changes of the images, and a rate that falls: fewer mistakes on the test part",
    ],
    [
      "downhill train digits --val 0.1 --patience 5 --plateau 2",
      "stop, and lower the rate, by the validation loss",
    ],
    ["downhill train digits --tune lr,momentum", "find the learning rate and momentum first"],
    [
      "downhill train digits --epochs 200 --checkpoint runs/a --resume",
      "saved after each epoch; the same command continues after a crash",
    ],
    [
      "downhill train digits --ranks 2 --shards 8",
      "two processes, with the bits of any number of them up to 8; needs MPI and koffi",
    ],
    [
      "downhill train digits --json > run.jsonl",
      "for programs. Ctrl-C stops a run after its step and reports on it (exit code 130)",
    ],
  ],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).trainCommand),
};
