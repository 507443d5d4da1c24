import { digitsMlp } from "../models/dense.mjs";
import { lenet } from "../models/lenet.mjs";
import { lstm } from "../models/lstm.mjs";
import { transformer } from "../models/transformer.mjs";
import { leavesOf, makeStep, programsFor } from "../training.mjs";
import { median } from "../units.mjs";
import { contestants, programOf } from "../contestants.mjs";
import { load } from "../libraries.mjs";

export const group = "The first call, each time in a new process";

const rule = { name: "sgd", learningRate: 0.05 };
const alone = { modes: ["plain"], threads: [1] };

/** From the initial parameters to the first loss: tracing, differentiating, compiling, running. */
const firstStep = (model) => ({
  name: `first-step-${model.name}`,
  title: `first step of SGD on ${model.title}`,
  unit: "ms",
  kind: "fresh",
  tolerance: 1e-4,
  ...alone,
  lacks: model.lacks,
  programs: programsFor(model, (name) => (library) => {
    const leaves = leavesOf(model, name);
    const begin = performance.now();
    const loss = makeStep(library, name, model, rule, leaves).step();
    return { value: performance.now() - begin, check: [loss] };
  }),
});

/** Time spent compiling, as `jit` itself reports it. */
const compiling = (model) => ({
  name: `compile-${model.name}`,
  title: `passes and code generation of that step: ${model.title}`,
  unit: "ms",
  kind: "fresh",
  ...alone,
  programs: {
    downhill: (library) => {
      const { step, compileTime } = makeStep(library, "downhill", model, rule, leavesOf(model, "downhill"));
      step();
      return { value: compileTime() };
    },
  },
});

/** Time for which steps are watched. */
const watched = 1500; // ms
const window = 10;
/** A step is steady if no later median is faster by more than this factor. */
const slack = 1.15;

/** Measures the number of calls and the time until a step is as fast as in the end. */
function settle(step) {
  const times = [];
  const begin = performance.now();
  for (let now = begin; now - begin < watched;) {
    step();
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  const steady = median(times.slice(-Math.ceil(times.length / 4)));
  let calls = 0;
  while (median(times.slice(calls, calls + window)) > slack * steady) calls++;
  return { calls, time: times.slice(0, calls).reduce((sum, t) => sum + t, 0) };
}

const settling = (unit) => ({
  name: unit === "calls" ? "settle-calls" : "settle-time",
  title: `${unit === "calls" ? "calls" : "time"} until a step of SGD on ${digitsMlp.title} is as quick as later`,
  unit,
  kind: "fresh",
  threads: [1],
  programs: programsFor(digitsMlp, (name) => (library) => {
    const { step } = makeStep(library, name, digitsMlp, rule, leavesOf(digitsMlp, name));
    const { calls, time } = settle(step);
    return { value: unit === "calls" ? calls : time };
  }),
});

const loading = {
  name: "load",
  title: "loading the library",
  unit: "ms",
  kind: "fresh",
  ...alone,
  loads: false,
  programs: Object.fromEntries(
    contestants
      .filter((contestant) => contestant !== "javascript")
      .map((contestant) => [
        programOf(contestant),
        async (_, entrant) => {
          const begin = performance.now();
          await load(entrant);
          return { value: performance.now() - begin };
        },
      ]),
  ),
};

const models = [digitsMlp, lenet, lstm, transformer];

export const rows = [
  ...models.map(firstStep),
  ...models.map(compiling),
  settling("calls"),
  settling("ms"),
  loading,
];
