// Every run of the reference, step by step, three ways: eagerly, with the step under `jit`, and as one `scan`.
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
  type Tensor,
  tensor,
  transpose,
} from "downhill";
import { adam, applyUpdates, sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";

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
interface Case {
  readonly id: string;
  readonly optimizer: "SGD" | "Adam";
  readonly options: Readonly<Record<string, unknown>>;
  readonly problem: string;
  readonly sign: 1 | -1;
  readonly tolerance: number;
  readonly loss: readonly number[];
  readonly params: readonly (readonly number[])[];
  readonly grad0: readonly number[];
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/optim.json"), "utf8")) as {
  readonly steps: readonly number[];
  readonly problems: Readonly<Record<string, Problem>>;
  readonly cases: readonly Case[];
};

type Params = Record<string, Tensor>;
type Loss = (params: Params) => Tensor;

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
      mean(square(sub(add(matmul(M!, transpose(W!)), c!), T!))),
};

/** The options of the reference under our names. */
function optimizerOf({ optimizer, options }: Case): ReturnType<typeof sgd> | ReturnType<typeof adam> {
  const names: Readonly<Record<string, string>> = { lr: "learningRate", weight_decay: "weightDecay" };
  const [beta1, beta2] = (options["betas"] as readonly number[] | undefined) ?? [];
  const entries = Object.entries(options).filter(([name]) => name !== "betas");
  const ours: Record<string, unknown> = Object.fromEntries(
    entries.map(([name, value]) => [names[name] ?? name, value]),
  );
  if (beta1 !== undefined) Object.assign(ours, { beta1, beta2 });
  return optimizer === "SGD" ? sgd(ours) : adam(ours);
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

describe("the reference runs", () => {
  test("are there, for both optimisers and every option", () => {
    const of = (name: string): Case[] => golden.cases.filter(({ optimizer }) => optimizer === name);
    expect([of("SGD").length, of("Adam").length]).toEqual([18, 16]);
  });

  describe.each(golden.cases.map((run) => [run.id, run] as const))("%s", (_, run) => {
    const problem = golden.problems[run.problem]!;
    const data = Object.fromEntries(
      Object.entries(problem.data).map(([name, { shape, data }]) => [name, tensor(data, { shape })]),
    );
    const loss = losses[run.problem]!(data);
    const start: Params = Object.fromEntries(
      problem.params.map(({ name, shape, init }) => [name, tensor(init, { shape })]),
    );
    const optimizer = optimizerOf(run);
    const objective: Loss = run.sign === 1 ? loss : (params) => neg(loss(params));
    const step = (params: Params, state: object): { params: Params; state: object } => {
      const { updates, state: next } = optimizer.update(grad(objective)(params), state as never, params);
      return { params: applyUpdates(params, updates), state: next };
    };

    const expectRun = (stepOnce: typeof step): void => {
      expectClose(flat(grad(objective)(start)).data(), run.grad0, 1e-12);
      let carry: ReturnType<typeof step> = { params: start, state: optimizer.init(start) };
      let done = 0;
      golden.steps.forEach((at, k) => {
        for (; done < at; done++) carry = stepOnce(carry.params, carry.state);
        expectClose(flat(carry.params).data(), run.params[k]!, run.tolerance);
        expectClose([loss(carry.params).item()], [run.loss[k]!], run.tolerance);
      });
    };

    test("eagerly", () => expectRun(step));
    test("under jit", () => expectRun(jit(step)));
    test("as a scan", () => {
      const [, all] = scan(
        ({ params, state }: ReturnType<typeof step>) => {
          const next = step(params, state);
          return [next, flat(next.params)] as const;
        },
        { params: start, state: optimizer.init(start) },
        null,
        { length: golden.steps.at(-1)! },
      );
      golden.steps.forEach((at, k) => {
        const params = at === 0 ? flat(start) : all.at(at - 1);
        expectClose(params.data(), run.params[k]!, run.tolerance);
      });
    });
  });
});
