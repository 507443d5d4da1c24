// PyTorch's schedulers as the reference. They multiply the rate of their optimiser, so `base` enters each; `makers`
// translates the names of their options.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { add, arange, configure, cos, div, less, jit, minimum, mul, pow, type Tensor, where } from "downhill";
import {
  chained,
  constantRate,
  cosineDecay,
  cosineRestarts,
  cyclic,
  type CyclicOptions,
  type CycledSchedule,
  exponentialDecay,
  lambda,
  linearDecay,
  multiplicative,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  reduceOnPlateau,
  type Schedule,
  sequential,
  stepDecay,
} from "downhill/optim";
import { describe, expect, test } from "vitest";

interface Scheduler {
  readonly name: string;
  readonly options: Options;
}
interface Run extends Scheduler {
  readonly id: string;
  readonly parts?: readonly Scheduler[];
  /** The optimiser's rate, one per parameter group. */
  readonly rates: readonly number[];
  /** `lr[group][k]` after k steps; `lr[group][0]` at the start. */
  readonly lr: readonly (readonly number[])[];
  readonly momentum?: readonly (readonly number[])[];
  /** Epochs after explicit steps, as in `scheduler.step(epoch)`. */
  readonly at?: readonly number[];
  /** The rate was overwritten manually after this step. */
  readonly changed?: { readonly at: number; readonly lr: number };
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../testdata", name), "utf8"));
const { cases } = read("schedules.json") as { readonly cases: readonly Run[] };

const last = 100;
/** The lambdas of the file, over tensors; those of MultiplicativeLR over numbers. */
const lambdas: Readonly<Record<string, (e: Tensor) => Tensor>> = {
  "0.95**e": (e) => pow(0.95, e),
  "1/(1+0.1*e)": (e) => div(1, add(1, mul(0.1, e))),
  "min(1,(e+1)/10)": (e) => minimum(1, div(add(e, 1), 10)),
  "0.5*(1+cos(pi*e/100))": (e) => mul(0.5, add(1, cos(div(mul(Math.PI, e), 100)))),
  "1 if e<30 else 0.1": (e) => where(less(e, 30), 1, 0.1),
};
const factors: Readonly<Record<string, (e: number) => number>> = {
  "0.95": () => 0.95,
  "1 if e%10 else 0.5": (e) => (e % 10 === 0 ? 0.5 : 1),
  "1/(1+0.01*e)": (e) => 1 / (1 + 0.01 * e),
};
const amplitudes: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "1/(5**(x*0.0001))": (x) => div(1, pow(5, mul(x, 0.0001))),
  "0.9**(x-1)": (x) => pow(0.9, add(x, -1)),
};

/** The options of PyTorch's schedulers, whose names distinguish them; lists have one number per group. */
interface Options {
  readonly step_size: number;
  readonly milestones: readonly number[];
  readonly gamma?: number;
  readonly factor?: number;
  readonly start_factor?: number;
  readonly end_factor?: number;
  readonly total_iters?: number;
  readonly power?: number;
  readonly T_max: number;
  readonly T_0: number;
  readonly T_mult?: number;
  readonly eta_min?: number;
  readonly lr_lambda: string;
  readonly swa_lr: number;
  readonly anneal_epochs?: number;
  readonly anneal_strategy?: "cos" | "linear";
  readonly base_lr: number | readonly number[];
  readonly max_lr: number | readonly number[];
  readonly step_size_up?: number;
  readonly step_size_down?: number;
  readonly mode?: CyclicOptions["mode"];
  readonly scale_fn?: string;
  readonly scale_mode?: "cycle" | "iterations";
  readonly base_momentum?: number;
  readonly max_momentum?: number;
  readonly total_steps?: number;
  readonly epochs: number;
  readonly steps_per_epoch: number;
  readonly pct_start?: number;
  readonly div_factor?: number;
  readonly final_div_factor?: number;
  readonly three_phase?: boolean;
}

const of = (value: number | readonly number[], group: number): number =>
  typeof value === "number" ? value : value[group]!;

/** Drops undefined options, so that defaults apply. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

const makers: Readonly<Record<string, (base: number, o: Options, group: number) => Schedule>> = {
  StepLR: (from, o) => stepDecay({ from, every: o.step_size, factor: o.gamma ?? 0.1 }),
  MultiStepLR: (from, o) => multiStepDecay({ from, at: o.milestones, factor: o.gamma ?? 0.1 }),
  ConstantLR(base, { factor = 1 / 3, total_iters = 5 }) {
    return multiStepDecay({ from: base * factor, factor: 1 / factor, at: [total_iters] });
  },
  LinearLR: (base, { start_factor = 1 / 3, end_factor = 1, total_iters = 5 }) =>
    linearDecay({ from: base * start_factor, to: base * end_factor, steps: total_iters }),
  ExponentialLR: (from, { gamma = 1 }) => exponentialDecay({ from, factor: gamma }),
  PolynomialLR: (from, { total_iters = 5, power = 1 }) =>
    polynomialDecay({ from, steps: total_iters, power }),
  CosineAnnealingLR: (from, { T_max, eta_min = 0 }) =>
    cosineDecay({ from, to: eta_min, steps: T_max, after: "swing" }),
  CosineAnnealingWarmRestarts: (from, { T_0, T_mult = 1, eta_min = 0 }) =>
    cosineRestarts({ from, to: eta_min, firstSteps: T_0, stepsFactor: T_mult }),
  LambdaLR: (base, o) => chained([base, lambda(lambdas[o.lr_lambda]!)]),
  MultiplicativeLR: (from, o) => multiplicative({ from, factor: factors[o.lr_lambda]!, steps: last }),
  SWALR(from, { swa_lr: to, anneal_epochs: steps = 10, anneal_strategy = "cos" }) {
    if (steps === 0) return constantRate(to); // `to` is reached before the first step
    return (anneal_strategy === "cos" ? cosineDecay : linearDecay)({ from, to, steps });
  },
  CyclicLR: (_, o, group) =>
    cyclic(
      given({
        base: of(o.base_lr, group),
        max: of(o.max_lr, group),
        stepSizeUp: o.step_size_up,
        stepSizeDown: o.step_size_down,
        mode: o.scale_fn === undefined ? o.mode : undefined,
        gamma: o.gamma,
        amplitude: o.scale_fn === undefined ? undefined : amplitudes[o.scale_fn],
        amplitudeOf: o.scale_mode === "iterations" ? ("step" as const) : undefined,
        baseMomentum: o.base_momentum,
        maxMomentum: o.max_momentum,
      }),
    ),
  OneCycleLR(_, o, group) {
    const max = of(o.max_lr, group);
    const from = max / (o.div_factor ?? 25);
    const to = from / (o.final_div_factor ?? 1e4);
    const steps = o.total_steps ?? o.epochs * o.steps_per_epoch;
    return oneCycle(
      given({
        max,
        from,
        to,
        steps,
        rise: o.pct_start,
        phases: o.three_phase === true ? (3 as const) : undefined,
        shape: o.anneal_strategy === "linear" ? ("linear" as const) : undefined,
        baseMomentum: o.base_momentum,
        maxMomentum: o.max_momentum,
      }),
    );
  },
};

function scheduleOf(run: Run, group: number): Schedule {
  const base = run.rates[group]!;
  const make = ({ name, options }: Scheduler, rate: number): Schedule => makers[name]!(rate, options, group);
  if (run.name === "SequentialLR") {
    const parts = run.parts!.map((part) => make(part, base));
    return sequential(parts, { at: run.options.milestones });
  }
  if (run.name === "ChainedScheduler") return chained([base, ...run.parts!.map((part) => make(part, 1))]);
  return make(run, base);
}

/** Schedulers that PyTorch computes recursively from the previous rate, and so continue from an overwritten one. */
const goesOn = ["StepLR", "LinearLR", "PolynomialLR", "MultiplicativeLR"];

/** Reason why a case of the reference is excluded. */
const excluded: Readonly<Record<string, string>> = {
  "ConstantLR/two_groups":
    "PyTorch's ConstantLR of 0 steps keeps its factor for ever, against its own definition",
};

/** Steps of the reference: OneCycleLR of n steps accepts a step n, where it overshoots its end. */
const stepsOf = (run: Run, n: number): number =>
  run.name === "OneCycleLR" ? Math.min(n, run.options.total_steps ?? n) : n;

/** To 12 digits: the file has 13, and rounding errors accumulated over 100 steps stay below the 12th. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  const size = Math.max(...expected.map(Math.abs));
  found.forEach((value, k) => {
    expect(Math.abs(value - expected[k]!), `step ${k}: ${value} for ${expected[k]!}`).toBeLessThanOrEqual(
      1e-12 * Math.abs(expected[k]!) + 1e-15 * size,
    );
  });
}

describe("PyTorch's schedulers", () => {
  test.each(cases.filter(({ id }) => !(id in excluded)).map((run) => [run.id, run] as const))(
    "%s",
    (_, run) => {
      for (const [group, lr] of run.lr.entries()) {
        const rate = scheduleOf(run, group);
        const count = stepsOf(run, lr.length);
        const steps = run.at === undefined ? Array.from({ length: count }, (_, k) => k) : [0, ...run.at];
        const { changed } = run;
        const found = steps.map((step, k) => {
          if (changed === undefined || k < changed.at) return rate(step);
          if (goesOn.includes(run.name)) return (changed.lr / rate(changed.at)) * rate(step);
          return k === changed.at ? changed.lr : rate(step);
        });
        expectClose(found, lr);
        if (run.momentum !== undefined) {
          const { momentum } = rate as CycledSchedule;
          expectClose(
            steps.map((step) => momentum(step)),
            run.momentum[group]!,
          );
        }
      }
    },
  );

  test.each(cases.map((run) => [run.id, run] as const))("%s: the same bits in one jitted call", (_, run) => {
    configure({ reproducible: true });
    const rate = scheduleOf(run, 0);
    const steps = Array.from({ length: last + 1 }, (_, k) => k);
    expect(jit((t: Tensor) => rate(t))(arange(last + 1)).tolist()).toEqual(steps.map((step) => rate(step)));
  });

  test("every case is run or excluded for a reason", () => {
    expect(Object.keys(excluded).filter((id) => !cases.some((run) => run.id === id))).toEqual([]);
    expect(cases.length).toBeGreaterThan(70);
  });

  test("OneCycleLR overshoots its end, where oneCycle stays", () => {
    for (const id of ["OneCycleLR/max_lr=0.1,total_steps=100", "OneCycleLR/max_lr=0.1,total_steps=60"]) {
      const run = cases.find((one) => one.id === id)!;
      const n = run.options.total_steps!;
      const [before, end, over] = run.lr[0]!.slice(n - 2, n + 1);
      expect(over! - before!).toBeCloseTo(0, 12); // it rises on the other side of the cosine
      expect(scheduleOf(run, 0)(n) / end!).toBeCloseTo(1, 12);
    }
  });

  test("ConstantLR of 0 steps is the constant rate from the start", () => {
    const run = cases.find(({ id }) => id === "ConstantLR/two_groups")!;
    const rate = scheduleOf(run, 0);
    expectClose([rate(0), rate(50)], [0.1, 0.1]);
  });
});

interface PlateauRun {
  readonly id: string;
  readonly options: {
    readonly mode?: "min" | "max";
    readonly factor?: number;
    readonly patience?: number;
    readonly threshold?: number;
    readonly threshold_mode?: "rel" | "abs";
    readonly cooldown?: number;
    readonly min_lr?: number | readonly number[];
    readonly eps?: number;
  };
  readonly metrics: string;
  readonly lr: readonly (readonly (readonly [number, number])[])[];
  readonly best: readonly (readonly [number, number | string])[];
  readonly bad: readonly number[];
  readonly cooldown: readonly number[];
}
const plateau = read("plateau.json") as {
  readonly metrics: Readonly<Record<string, readonly (number | string)[]>>;
  readonly cases: readonly PlateauRun[];
};
const at = <T>(changes: readonly (readonly [number, T])[], epoch: number): T =>
  changes.findLast(([from]) => from <= epoch)![1];

test.each(plateau.cases.map((run) => [run.id, run] as const))("%s", (_, run) => {
  const { threshold_mode, min_lr, ...options } = run.options;
  const metrics = plateau.metrics[run.metrics]!.map(Number);
  for (const [group, lr] of run.lr.entries()) {
    const learningRate = lr[0]![1];
    const { init, update } = reduceOnPlateau(
      given({
        ...options,
        learningRate,
        thresholdMode: threshold_mode === "abs" ? ("absolute" as const) : undefined,
        floor: min_lr === undefined ? undefined : of(min_lr, group),
      }),
    );
    let state = init();
    metrics.forEach((metric, k) => {
      const next = update(metric, state);
      state = next.state;
      const expected = at(lr, k + 1);
      expect(state.rate / expected, `epoch ${k + 1}`).toBeCloseTo(1, 11);
      expect((learningRate * next.scale) / expected, `epoch ${k + 1}`).toBeCloseTo(1, 11);
      expect([state.bad, state.cooldown]).toEqual([run.bad[k + 1], run.cooldown[k + 1]]);
      const best = Number(at(run.best, k + 1));
      expect(Number(state.best.toPrecision(13)), `epoch ${k + 1}`).toBe(best);
    });
  }
});
