// Every run of the reference, step by step, in three modes: eagerly, with the step under `jit`, and as one `scan`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  add,
  concatenate,
  dot,
  grad,
  jit,
  matmul,
  mean,
  mul,
  neg,
  ravel,
  scan,
  softplus,
  square,
  sub,
  sum,
  take,
  type Tensor,
  tensor,
  transpose,
  valueAndGrad,
  zeros,
} from "downhill";
import * as optim from "downhill/optim";
import {
  applyUpdates,
  chain,
  type GeneralOptimizer,
  lbfgs,
  type LbfgsState,
  multiTransform,
} from "downhill/optim";
import { describe, expect, test } from "vitest";
import { orthogonalize } from "./muon.ts";
import { extent } from "../../../test/support/extent.ts";

interface Data {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Problem {
  readonly params: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly init: readonly number[];
  }[];
  readonly data: Readonly<Record<string, Data>>;
}
type Options = Readonly<Record<string, unknown>>;
interface Case {
  readonly id: string;
  readonly optimizer: keyof typeof makers | "LBFGS";
  readonly options: Options;
  readonly problem: string;
  /** The single parameter that moves while the others stay at 0. */
  readonly only?: string;
  readonly sign: 1 | -1;
  readonly tolerance: number;
  readonly loss: readonly number[];
  readonly params: readonly (readonly number[])[];
  readonly grad0?: readonly number[];
  readonly param_groups?: readonly (Options & { readonly params: readonly number[] })[];
  readonly clip?: {
    readonly max_norm?: number;
    readonly norm_type?: number | "Infinity";
    readonly clip_value?: number;
  };
  /** The averaged parameters after each step except step 0. */
  readonly average?: readonly (readonly number[])[];
  /** Number of evaluations of the loss in each update. */
  readonly evaluations?: readonly number[];
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/optim.json"), "utf8")) as {
  readonly steps: readonly number[];
  readonly problems: Readonly<Record<string, Problem>>;
  readonly newtonSchulz: readonly {
    readonly steps: number;
    readonly shape: readonly number[];
    readonly input: readonly number[];
    readonly output: readonly number[];
  }[];
  readonly cases: readonly Case[];
};

type Params = Record<string, Tensor>;
/** The loss at a step number, which is a tensor inside a scan. */
type Loss = (params: Params, step: Tensor) => Tensor;

const losses: Readonly<Record<string, (data: Record<string, Tensor>) => Loss>> = {
  rosenbrock:
    () =>
    ({ p }) =>
      add(square(sub(1, p!.at(0))), mul(100, square(sub(p!.at(1), square(p!.at(0)))))),
  quadratic10:
    ({ A, b }) =>
    ({ x }) =>
      sub(mul(0.5, dot(x!, matmul(A!, x!))), dot(b!, x!)),
  logreg:
    ({ X, y }) =>
    ({ w, b }) => {
      const z = add(matmul(X!, w!), b!);
      return mean(sub(softplus(z), mul(y!, z)));
    },
  matreg:
    ({ M, T }) =>
    ({ W, c }) =>
      mean(square(sub(add(matmul(M!, transpose(W!)), c ?? zeros([3])), T!))),
  embed_sparse:
    ({ target }) =>
    ({ E }, step) => {
      const row = (i: Tensor): Tensor => sum(square(sub(take(E!, i), take(target!, i))));
      const rest = (i: Tensor): Tensor => optimRemainder(i, 6);
      return add(row(rest(step)), row(rest(add(mul(step, 2), 1))));
    },
};

function optimRemainder(i: Tensor, n: number): Tensor {
  return i.sub(i.div(n).astype("int32").mul(n)).astype("int32");
}

const makers = {
  SGD: optim.sgd,
  Adagrad: optim.adagrad,
  RMSprop: optim.rmsprop,
  Adam: optim.adam,
  AdamW: optim.adamw,
  Adadelta: optim.adadelta,
  Adamax: optim.adamax,
  NAdam: optim.nadam,
  RAdam: optim.radam,
  ASGD: optim.asgd,
  Rprop: optim.rprop,
  Adafactor: optim.adafactor,
  Muon: optim.muon,
  SparseAdam: optim.sparseAdam,
};

/** Our names of the reference's options; a list if one of theirs corresponds to several of ours. */
const names: Readonly<Record<string, string | readonly string[]>> = {
  lr: "learningRate",
  weight_decay: "weightDecay",
  decoupled_weight_decay: "decoupledWeightDecay",
  betas: ["beta1", "beta2"],
  lr_decay: "learningRateDecay",
  initial_accumulator_value: "initialAccumulatorValue",
  momentum_decay: "momentumDecay",
  etas: ["etaMinus", "etaPlus"],
  step_sizes: ["minStepSize", "maxStepSize"],
  beta2_decay: "beta2Decay",
  ns_steps: "nsSteps",
  adjust_lr_fn: "adjustLearningRate",
  max_iter: "maxIterations",
  max_eval: "maxEvaluations",
  tolerance_grad: "toleranceGrad",
  tolerance_change: "toleranceChange",
  history_size: "historySize",
  line_search_fn: "lineSearch",
};
const words: Readonly<Record<string, string>> = {
  strong_wolfe: "strong-wolfe",
  match_rms_adamw: "match-rms-adamw",
};

function translate(optimizer: string, options: Options): Record<string, unknown> {
  const entries = Object.entries(options).flatMap(([name, value]): [string, unknown][] => {
    const ours = optimizer === "Adafactor" && name === "eps" ? ["eps1", "eps2"] : (names[name] ?? name);
    if (typeof ours === "string") return [[ours, words[value as string] ?? value]];
    return ours.map((each, i) => [each, (value as readonly unknown[])[i]]);
  });
  return Object.fromEntries(entries);
}

/** The optimiser of a run, with its parameter groups and clipping. */
function optimizerOf({
  optimizer,
  options,
  param_groups: groups,
  clip,
  problem,
}: Case): GeneralOptimizer<unknown> {
  const make = (own: Options): GeneralOptimizer<unknown> =>
    makers[optimizer as keyof typeof makers](translate(optimizer, { ...options, ...own }));
  let made: GeneralOptimizer<unknown>;
  if (groups === undefined) {
    made = make({});
  } else {
    const paramNames = golden.problems[problem]!.params.map(({ name }) => name);
    const labels = Object.fromEntries(
      groups.flatMap(({ params }, i) => params.map((at) => [paramNames[at]!, `group${i}`])),
    );
    made = multiTransform(
      Object.fromEntries(groups.map(({ params: _, ...own }, i) => [`group${i}`, make(own)])),
      labels,
    ) as GeneralOptimizer<unknown>;
  }
  if (clip?.clip_value !== undefined) return chain(optim.clipByValue(clip.clip_value), made);
  if (clip?.max_norm !== undefined) {
    const normType = Number(clip.norm_type ?? 2);
    return chain(optim.clipByGlobalNorm(clip.max_norm, { normType }), made);
  }
  return made;
}

function flat(params: Params): Tensor {
  return concatenate(Object.values(params).map(ravel));
}

function expectClose(actual: Iterable<number>, expected: readonly number[], tolerance: number): void {
  const values = [...actual];
  const scale = Math.max(...expected.map(Math.abs), 1e-3);
  expect(values.length).toBe(expected.length);
  const worst = Math.max(...expected.map((x, i) => Math.abs(values[i]! - x) / scale));
  expect(worst, `${values.join()} for ${expected.join()}`).toBeLessThanOrEqual(tolerance);
}

/** Loss and initial parameters of a run. */
function problemOf(run: Case): { readonly loss: Loss; readonly start: Params } {
  const problem = golden.problems[run.problem]!;
  const data = Object.fromEntries(
    Object.entries(problem.data).map(([name, { shape, data }]) => [name, tensor(data, { shape })]),
  );
  const loss = losses[run.problem]!(data);
  const params = problem.params.filter(({ name }) => run.only === undefined || name === run.only);
  const start = Object.fromEntries(params.map(({ name, shape, init }) => [name, tensor(init, { shape })]));
  return { loss: run.sign === 1 ? loss : (p, step) => neg(loss(p, step)), start };
}

describe("the reference runs", () => {
  test("exist for every optimiser", () => {
    const counts = Object.fromEntries(
      [...Object.keys(makers), "LBFGS"].map((name) => [
        name,
        golden.cases.filter(({ optimizer }) => optimizer === name).length,
      ]),
    );
    // prettier-ignore
    expect(counts).toEqual({
      SGD: 22, Adagrad: 15, RMSprop: 22, Adam: 21, AdamW: 23, Adadelta: 6, Adamax: 9, NAdam: 15, RAdam: 15,
      ASGD: 7, Rprop: 10, Adafactor: 12, Muon: 6, SparseAdam: 1, LBFGS: 16,
    });
  });

  /**
   * The runs of an optimiser in one of the three modes in turn; in all modes in the soak, and if there are few runs.
   */
  const isLeftOut = (run: Case, way: number): boolean => {
    const same = golden.cases.filter(({ optimizer }) => optimizer === run.optimizer);
    return same.length >= 3 && same.indexOf(run) % 3 !== way && extent(0, 1) === 0;
  };
  const pure = golden.cases.filter(({ optimizer }) => optimizer !== "LBFGS");
  describe.each(pure.map((run) => [run.id, run] as const))("%s", (_, run) => {
    const { loss, start } = problemOf(run);
    const optimizer = optimizerOf(run);
    interface Carry {
      readonly params: Params;
      readonly state: unknown;
    }
    const step = (params: Params, state: unknown, k: Tensor): Carry => {
      const grads = grad((p: Params) => loss(p, k))(params);
      const { updates, state: next } = optimizer.update(grads, state, params);
      return { params: applyUpdates(params, updates), state: next };
    };
    const steps = golden.steps.slice(0, run.params.length);
    const whole = (k: number): Tensor => tensor(k, { dtype: "int32" });

    const expectRun = (stepOnce: typeof step, most: number): void => {
      const grad0 = flat(grad((p: Params) => loss(p, whole(0)))(start)).data();
      if (run.grad0 !== undefined) expectClose(grad0, run.grad0, 1e-12);
      let carry: Carry = { params: start, state: optimizer.init(start) };
      let done = 0;
      steps.forEach((at, k) => {
        if (at > most) return;
        for (; done < at; done++) carry = stepOnce(carry.params, carry.state, whole(done));
        expectClose(flat(carry.params).data(), run.params[k]!, run.tolerance);
        if (run.problem !== "embed_sparse" && run.loss[k] !== undefined) {
          expectClose([run.sign * loss(carry.params, whole(at)).item()], [run.loss[k]], run.tolerance);
        }
        if (run.average !== undefined && k > 0) {
          const { average } = carry.state as { readonly average: Params };
          expectClose(flat(average).data(), run.average[k - 1]!, run.tolerance);
        }
      });
    };

    // one eager step takes as long as many compiled ones
    if (!isLeftOut(run, 0)) test("eagerly", () => expectRun(step, extent(10, Infinity)));
    if (!isLeftOut(run, 1)) test("under jit", () => expectRun(jit(step), Infinity));
    if (isLeftOut(run, 2)) return;
    test("as a scan", () => {
      const last = steps.at(-1)!;
      const [, all] = scan(
        ({ params, state }: Carry, k: Tensor) => {
          const next = step(params, state, k);
          return [next, flat(next.params)] as const;
        },
        { params: start, state: optimizer.init(start) },
        tensor(Int32Array.from({ length: last }, (_, k) => k)),
      );
      steps.forEach((at, k) => {
        const params = at === 0 ? flat(start) : all.at(at - 1);
        expectClose(params.data(), run.params[k]!, run.tolerance);
      });
    });
  });

  const searching = golden.cases.filter(({ optimizer }) => optimizer === "LBFGS");
  describe.each(searching.map((run) => [run.id, run] as const))("%s", (_, run) => {
    const { loss, start } = problemOf(run);
    const objective = (p: Params): Tensor => loss(p, zeros([]));
    const evaluate = (p: Params): [Tensor, Params] => valueAndGrad(objective)(p);
    const optimizer = lbfgs(translate("LBFGS", run.options));
    interface Carry {
      readonly params: Params;
      readonly state: LbfgsState;
    }
    const step = (params: Params, state: LbfgsState): Carry & { readonly value: Tensor } => {
      const [value, grads] = evaluate(params);
      const { updates, state: next } = optimizer.update(grads, state, params, {
        value,
        valueAndGrad: evaluate,
      });
      return { params: applyUpdates(params, updates), state: next, value };
    };
    const steps = golden.steps.slice(0, run.params.length);
    const last = steps.at(-1)!;
    /** The updates one by one: the parameters after each, the loss before it, and the total number of evaluations. */
    const expectSteps = (
      all: readonly { params: Iterable<number>; evaluations: number; value: number }[],
      end: Params,
    ): void => {
      const made = all.map(({ evaluations }, k) => evaluations - (all[k - 1]?.evaluations ?? 0));
      expect(made).toEqual(run.evaluations!.slice(0, last));
      const values = [...all.map(({ value }) => value), objective(end).item()];
      steps.forEach((at, k) => {
        const params = at === 0 ? flat(start).data() : all[at - 1]!.params;
        expectClose(params, run.params[k]!, run.tolerance);
        if (run.loss[k] !== undefined) expectClose([values[at]!], [run.loss[k]], run.tolerance);
      });
    };
    const expectFollowed = (stepOnce: typeof step): void => {
      let carry: Carry = { params: start, state: optimizer.init(start) };
      const all = Array.from({ length: last }, () => {
        const { value, ...next } = stepOnce(carry.params, carry.state);
        carry = next;
        const evaluations = next.state.evaluations.item();
        return { params: flat(next.params).data(), evaluations, value: value.item() };
      });
      expectSteps(all, carry.params);
    };

    if (!isLeftOut(run, 0)) test("eagerly", () => expectFollowed(step));
    if (!isLeftOut(run, 1)) test("under jit", () => expectFollowed(jit(step)));
    if (isLeftOut(run, 2)) return;
    test("as a scan", () => {
      const [end, [params, evaluations, values]] = scan(
        ({ params, state }: Carry) => {
          const { value, ...next } = step(params, state);
          return [next, [flat(next.params), next.state.evaluations, value] as const] as const;
        },
        { params: start, state: optimizer.init(start) },
        null,
        { length: last },
      );
      const all = Array.from({ length: last }, (_, k) => ({
        params: params.at(k).data(),
        evaluations: evaluations.at(k).item(),
        value: values.at(k).item(),
      }));
      expectSteps(all, end.params);
    });
  });
});

test.each(golden.newtonSchulz)(
  "a matrix is made orthogonal as in the reference in $steps steps",
  (example) => {
    const { steps, shape, input, output } = example;
    const y = orthogonalize(tensor(input, { shape }), steps, 1e-7);
    expectClose(y.data(), output, 1e-12);
  },
);
