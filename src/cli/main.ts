#!/usr/bin/env node
import type { LazyCommand } from "./run.ts";
import { anyCommand, run } from "./run.ts";

const commands: ReadonlyMap<string, LazyCommand> = new Map<string, LazyCommand>([
  [
    "explain",
    {
      description: "Show how the derivative of a formula comes about, line by line",
      examples: [
        [
          `downhill explain "x*y + sin(x)" --at x=2,y=3`,
          "program, forward and reverse traces, and a check, with values",
        ],
        [
          `downhill explain "a = x*y; b = sin(x); z = a + b"`,
          "several statements; without values the traces are symbolic",
        ],
        [
          `downhill explain "x*y + sin(x)" --at x=2,y=3 --seed x=1,y=-1`,
          "one forward pass, along a direction of your choice",
        ],
        [
          `downhill explain "exp(-x^2)" --at x=1/2 --graph out.html`,
          "a page to step through: table and graph",
        ],
        [
          `downhill explain - --at x=pi/4 --json < formula.txt`,
          "read the text from standard input, write JSON",
        ],
      ],
      load: async () => anyCommand((await import("./explain.ts")).explainCommand),
    },
  ],
  [
    "train",
    {
      description: "Train a small network and write a report",
      examples: [
        ["downhill train digits", "handwritten digits, part of downhill, by mini-batch SGD with momentum"],
        [
          "downhill train digits --batch full --lr 0.5 --epochs 200",
          "plain gradient descent; --batch 1 is stochastic",
        ],
        [
          "downhill train digits --optimizer adam --seed 7 --out seven.html",
          "another optimiser, seed and report",
        ],
        [
          "downhill train --data iris.csv --target species",
          "a table of your own: classes if the target is text",
        ],
        [
          "downhill train --data houses.csv --target price --features rooms,area --hidden none",
          "numbers from two columns, by a linear model",
        ],
        [
          "downhill train --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz",
          "MNIST, Fashion-MNIST and the like",
        ],
        [
          "downhill train digits --json > run.jsonl",
          "for programs. Ctrl-C stops a run after its step and reports on it (exit code 130)",
        ],
      ],
      load: async () => anyCommand((await import("./train.ts")).trainCommand),
    },
  ],
  [
    "schedule",
    {
      description: "Print and draw a schedule of the learning rate",
      examples: [
        ["downhill schedule cosine --warmup 10", "half a cosine after ten steps of warm-up: chart and table"],
        [
          "downhill schedule cyclic --base 0.001 --max 0.006 --step-size-up 4 --steps 12 --json",
          "the rate and the momentum of each step, for programs",
        ],
        [
          'downhill schedule sequential --parts "linear from=0 to=0.1; cosine" --at 20 --out rates.html',
          "one after another, drawn on a page; .svg for the picture alone",
        ],
        ["downhill schedule lambda --formula 0.1*0.95^t", "a formula of your own"],
        [
          "downhill schedule plateau --metrics 1,0.8,0.8,0.8,0.8 --patience 2",
          "the rates that such losses lead to: lowered after three epochs without improvement",
        ],
        ["downhill schedule", "lists them all"],
      ],
      load: async () => anyCommand((await import("./schedule.ts")).scheduleCommand),
    },
  ],
  [
    "demo",
    {
      description: "See what downhill does, in a few seconds",
      examples: [["downhill demo", "the traces of a formula, then a network trained on handwritten digits"]],
      load: async () => anyCommand((await import("./demo.ts")).demoCommand),
    },
  ],
]);

// A reader that closes the pipe early (`| head`) has what it wanted. The work goes on in silence: files are still to be
// written, and the exit code tells of it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
void run(process.argv.slice(2), commands).then((code) => {
  process.exitCode = code;
});
