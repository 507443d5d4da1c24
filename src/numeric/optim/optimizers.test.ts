// Properties of every optimiser, from one table.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  add,
  grad,
  jit,
  makeProgram,
  mul,
  ones,
  printProgram,
  scan,
  sin,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "downhill";
import * as optim from "downhill/optim";
import { applyUpdates, type GeneralOptimizer, type UpdateExtra } from "downhill/optim";
import { checkGrads } from "downhill/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";

type Make = (options?: never) => GeneralOptimizer<unknown>;
interface Row {
  readonly make: Make;
  /** Options that exercise every part of the rule. */
  readonly options: Readonly<Record<string, unknown>>;
  /** For each option, values that it must refuse. */
  readonly refuses: Readonly<Record<string, readonly unknown[]>>;
}

const rate = [-1, Number.NaN, Infinity, "0.1", null];
const flag = [1, "yes", null];
const notNegative = [-0.1, Number.NaN, Infinity, "1", null];
const belowOne = [-0.1, 1, Number.NaN, "0.9", null];
const unit = [-0.1, 1.01, Number.NaN, "0.9", null];
const whole = [0, -1, 1.5, Infinity, "3"];
const adamLike = { learningRate: rate, beta1: belowOne, beta2: belowOne, eps: notNegative, maximize: flag };

const table: Readonly<Record<string, Row>> = {
  sgd: {
    make: optim.sgd,
    options: { learningRate: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.1 },
    refuses: {
      learningRate: rate,
      momentum: unit,
      dampening: unit,
      nesterov: flag,
      weightDecay: notNegative,
      maximize: flag,
    },
  },
  adagrad: {
    make: optim.adagrad,
    options: { learningRate: 0.1, learningRateDecay: 0.1, weightDecay: 0.1, initialAccumulatorValue: 0.1 },
    refuses: {
      learningRate: rate,
      learningRateDecay: notNegative,
      weightDecay: notNegative,
      initialAccumulatorValue: notNegative,
      eps: notNegative,
      maximize: flag,
    },
  },
  rmsprop: {
    make: optim.rmsprop,
    options: { learningRate: 0.1, alpha: 0.8, weightDecay: 0.1, momentum: 0.5, centered: true },
    refuses: {
      learningRate: rate,
      alpha: unit,
      eps: notNegative,
      weightDecay: notNegative,
      momentum: unit,
      centered: flag,
      maximize: flag,
    },
  },
  adam: {
    make: optim.adam,
    options: { learningRate: 0.1, weightDecay: 0.1, amsgrad: true },
    refuses: { ...adamLike, weightDecay: notNegative, decoupledWeightDecay: flag, amsgrad: flag },
  },
  adamw: {
    make: optim.adamw,
    options: { learningRate: 0.1, weightDecay: 0.1, amsgrad: true },
    refuses: { ...adamLike, weightDecay: notNegative, amsgrad: flag },
  },
  adadelta: {
    make: optim.adadelta,
    options: { learningRate: 2, weightDecay: 0.1, eps: 0.01 },
    refuses: { learningRate: rate, rho: unit, eps: notNegative, weightDecay: notNegative, maximize: flag },
  },
  adamax: {
    make: optim.adamax,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: { ...adamLike, weightDecay: notNegative },
  },
  nadam: {
    make: optim.nadam,
    options: { learningRate: 0.1, weightDecay: 0.1, decoupledWeightDecay: true },
    refuses: {
      ...adamLike,
      weightDecay: notNegative,
      momentumDecay: notNegative,
      decoupledWeightDecay: flag,
    },
  },
  radam: {
    make: optim.radam,
    options: { learningRate: 0.1, weightDecay: 0.1, beta2: 0.9 },
    refuses: { ...adamLike, weightDecay: notNegative, decoupledWeightDecay: flag },
  },
  asgd: {
    make: optim.asgd,
    options: { learningRate: 0.1, lambd: 0.1, t0: 1, weightDecay: 0.1 },
    refuses: {
      learningRate: rate,
      lambd: notNegative,
      alpha: notNegative,
      t0: notNegative,
      weightDecay: notNegative,
      maximize: flag,
    },
  },
  rprop: {
    make: optim.rprop,
    options: { learningRate: 0.1 },
    refuses: {
      learningRate: [...rate, () => 0.1],
      etaMinus: [0, 1, "0.5"],
      etaPlus: [1, Infinity, "2"],
      minStepSize: notNegative,
      maxStepSize: notNegative,
      maximize: flag,
    },
  },
  adafactor: {
    make: optim.adafactor,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: {
      learningRate: rate,
      beta2Decay: [0.1, Number.NaN, "-1"],
      eps1: [-1, "1"],
      eps2: notNegative,
      d: [0, -1, Infinity],
      weightDecay: notNegative,
      maximize: flag,
    },
  },
  muon: {
    make: optim.muon,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: {
      learningRate: rate,
      weightDecay: notNegative,
      momentum: unit,
      nesterov: flag,
      eps: notNegative,
      nsSteps: [-1, 100, 1.5, "5"],
      nsCoefficients: [1, [1, 2], [1, 2, Number.NaN]],
      nsPrecision: ["bf16", true, null],
      adjustLearningRate: ["none", 1, null],
      maximize: flag,
    },
  },
  sparseAdam: { make: optim.sparseAdam, options: { learningRate: 0.1 }, refuses: adamLike },
  lion: {
    make: optim.lion,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: { learningRate: rate, beta1: unit, beta2: unit, weightDecay: notNegative, maximize: flag },
  },
  lamb: {
    make: optim.lamb,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: { ...adamLike, weightDecay: notNegative },
  },
  yogi: {
    make: optim.yogi,
    options: { learningRate: 0.1, weightDecay: 0.1 },
    refuses: { ...adamLike, weightDecay: notNegative, initialAccumulatorValue: notNegative },
  },
  lbfgs: {
    make: optim.lbfgs,
    options: { lineSearch: "strong-wolfe" },
    refuses: {
      learningRate: rate,
      maxIterations: whole,
      maxEvaluations: whole,
      toleranceGrad: notNegative,
      toleranceChange: notNegative,
      historySize: whole,
      lineSearch: ["wolfe", null, true],
    },
  },
};

const rows = Object.entries(table);
// lbfgs is separate: it needs the loss itself, uses float64 for float32, and has forward mode only (see lbfgs.test.ts)
const pure = rows.filter(([name]) => name !== "lbfgs");

interface Params {
  readonly w: Tensor;
  readonly deep: readonly [{ readonly v: Tensor }];
}
const start: Params = { w: tensor([[1, -2, 0.5]]), deep: [{ v: tensor([[3], [-1]]) }] };
const loss = ({ w, deep: [{ v }] }: Params): Tensor =>
  add(sum(square(sub(w, [[0.3, 0.2, -0.1]]))), add(sum(mul(0.5, square(v))), sum(sin(v))));

function made({ make, options }: Row): GeneralOptimizer<unknown> {
  return make(options as never);
}

/** The parameters after some steps. */
function run(optimizer: GeneralOptimizer<unknown>, steps: number, params = start): Params {
  let state = optimizer.init(params);
  for (let k = 0; k < steps; k++) {
    const [value, grads] = valueAndGrad(loss)(params);
    const extra: UpdateExtra<Params> = { value, valueAndGrad: (p) => valueAndGrad(loss)(p) };
    const { updates, state: next } = optimizer.update(grads, state, params, extra);
    [params, state] = [applyUpdates(params, updates), next];
  }
  return params;
}

test("the table has every optimiser", () => {
  const files = readdirSync(import.meta.dirname).filter((file) => /^[\w-]+\.ts$/.test(file));
  const withState = files.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), "utf8");
    const options = /export interface (\w+)Options/.exec(text)?.[1];
    return options === undefined ? [] : [options.toLowerCase()];
  });
  expect(withState.toSorted()).toEqual(
    Object.keys(table)
      .map((name) => name.toLowerCase())
      .toSorted(),
  );
});

describe.each(rows)("%s", (name, row) => {
  test("goes downhill", () => {
    expect(loss(run(made(row), 5)).item()).toBeLessThan(loss(start).item());
  });

  test("continues from a saved state", () => {
    const optimizer = made(row);
    const extra: UpdateExtra<Params> = { valueAndGrad: (p) => valueAndGrad(loss)(p) };
    const first = optimizer.update(grad(loss)(start), optimizer.init(start), start, extra);
    const params = applyUpdates(start, first.updates);
    const step = (state: unknown): unknown =>
      optimizer.update(grad(loss)(params), state, params, extra).updates;
    expect(JSON.stringify(step(JSON.parse(JSON.stringify(first.state))))).toBe(
      JSON.stringify(step(first.state)),
    );
  });

  describe("refuses", () => {
    test.each(
      Object.entries(row.refuses).flatMap(([option, values]) =>
        values.map((value) => [option, value] as const),
      ),
    )("%s: %j", (option, value) => {
      expect(() => row.make({ [option]: value } as never)).toThrow(`${name}: ${option} must be `);
    });

    test("a tensor that is not a scalar for every option; the table has all options", () => {
      for (const option of Object.keys(row.refuses)) {
        expect(() => row.make({ [option]: tensor([1, 2]) } as never)).toThrow(`${name}: ${option} must be `);
      }
      expect(() => row.make({ "?": 1 } as never)).toThrow(/It takes/);
      try {
        row.make({ "?": 1 } as never);
      } catch (error) {
        const all = /It takes (.*)\./.exec((error as Error).message)![1]!.split(", ");
        expect(all.toSorted()).toEqual(Object.keys(row.refuses).toSorted());
      }
    });

    test.each([null, 3, [], "learningRate", () => 1])("%j instead of options", (options) => {
      expect(() => row.make(options as never)).toThrow(`${name}: the options must be an object`);
    });

    test("an unknown option, and suggests the closest", () => {
      expect(() => row.make({ [`${Object.keys(row.refuses)[0]!}s`]: 1 } as never)).toThrow(
        `${name}: unknown option "${Object.keys(row.refuses)[0]!}s". Did you mean "${Object.keys(row.refuses)[0]!}"?`,
      );
    });

    test("parameters without tensors, and integers", () => {
      const optimizer = made(row);
      expect(() => optimizer.init({ w: [] })).toThrow(`${name}: params contains no tensors`);
      expect(() => optimizer.init({ w: tensor([[1]], { dtype: "int32" }) })).toThrow(
        `${name}: params.w is i32[1,1]; only floating tensors`,
      );
    });

    test("gradients and states that do not fit, and names the path", () => {
      const optimizer = made(row);
      const extra: UpdateExtra<unknown> = { valueAndGrad: (p) => [tensor(1), p] };
      const other = { w: tensor([[1, -2, 0.5]]), deep: [{ v: tensor([[3]]) }] };
      const update = (grads: unknown, state: unknown): unknown =>
        optimizer.update<unknown>(grads, state, start, extra);
      expect(() => update(other, optimizer.init(start))).toThrow(
        `${name}: grads.deep[0].v is f64[1,1], but params.deep[0].v is f64[2,1].`,
      );
      expect(() => update({ w: start.w }, optimizer.init(start))).toThrow(`${name}: grads lacks "deep"`);
      expect(() => update(start, {})).toThrow(`${name}: `);
      expect(() => update(start, optimizer.init(other))).toThrow(
        /: (the state does not belong|state\.\w+\.deep)/,
      );
    });
  });
});

describe.each(rows)("%s", (_, row) => {
  test("gives the same run eagerly, compiled and as a scan", () => {
    const optimizer = made(row);
    const step = (params: Params, state: unknown) => {
      const [value, grads] = valueAndGrad(loss)(params);
      const extra: UpdateExtra<Params> = { value, valueAndGrad: (p) => valueAndGrad(loss)(p) };
      const { updates, state: next } = optimizer.update(grads, state, params, extra);
      return [applyUpdates(params, updates), next] as const;
    };
    const eager = run(optimizer, 4);
    const compiled = jit(step);
    let [params, state]: readonly [Params, unknown] = [start, optimizer.init(start)];
    for (let k = 0; k < 4; k++) [params, state] = compiled(params, state);
    const [[scanned]] = scan(
      ([p, s]: readonly [Params, unknown]) => [step(p, s), null] as const,
      [start, optimizer.init(start)] as never,
      null,
      { length: 4 },
    );
    const numbers = ({ w, deep: [{ v }] }: Params): number[] => [...w.data(), ...v.data()];
    numbers(eager).forEach((x, i) => {
      expect(numbers(params)[i]).toBeCloseTo(x, 12);
      expect(numbers(scanned)[i]).toBeCloseTo(x, 12);
    });
  });
});

describe.each(pure)("%s", (name, row) => {
  test("on float32 gives a program without a float64 in it", () => {
    const optimizer = made(row);
    const params = { w: tensor([[1, 2]], { dtype: "float32" }) };
    const program = makeProgram((p: typeof params, s: never) => {
      const { updates, state } = optimizer.update(p, s, p);
      return [applyUpdates(p, updates), state] as never;
    })(params, optimizer.init(params) as never);
    expect(printProgram(program)).not.toContain("f64");
  });

  test("in float32 follows float64 to its precision from the first step on", () => {
    const updatesIn = (dtype: "float32" | "float64"): number[] => {
      const optimizer = row.make();
      let params = { w: tensor([[1, -2], [0.5, 3]], { dtype }) }; // prettier-ignore
      let state = optimizer.init(params);
      return Array.from({ length: 12 }, () => {
        const grads = { w: tensor(mul(params.w, [[1, 3], [2, 0.3]]), { dtype }) }; // prettier-ignore
        const { updates, state: next } = optimizer.update(grads, state, params);
        [params, state] = [applyUpdates(params, updates), next];
        return [...updates.w.data()];
      }).flat();
    };
    const exact = updatesIn("float64");
    updatesIn("float32").forEach((u, i) => expect(Math.abs(u / exact[i]! - 1)).toBeLessThan(3e-6));
  });

  test("keeps the dtype of each of mixed parameters", () => {
    const optimizer = made(row);
    const params = { a: tensor([[1]], { dtype: "float32" }), b: tensor([[1]], { dtype: "float64" }) };
    const { updates } = optimizer.update(params, optimizer.init(params), params);
    expect([updates.a.dtype, updates.b.dtype]).toEqual(["float32", "float64"]);
  });

  test("can be differentiated through, in the start and in the rate", () => {
    const hyper = name === "rprop" ? {} : { learningRate: tensor(0.05) };
    const after = (x: Tensor, factor: Tensor): Tensor => {
      const options = "learningRate" in hyper ? { learningRate: mul(0.05, factor) } : {};
      const optimizer = row.make({ ...row.options, ...options } as never);
      const params = { ...start, w: x };
      return loss(run(optimizer, extent(2, 3), params));
    };
    checkGrads(after, [start.w, tensor(1)]);
    const slopes = grad(after, { argnums: [0, 1] })(start.w, 1);
    expect(slopes.every((slope) => [...slope.data()].every(Number.isFinite))).toBe(true);
  });

  test("names itself if a schedule does not return a scalar", () => {
    if (name === "rprop") return;
    for (const wrong of [() => undefined, () => tensor([1, 2])]) {
      const optimizer = row.make({ learningRate: wrong } as never);
      expect(() => optimizer.update(start, optimizer.init(start), start)).toThrow(
        `${name}: a schedule must return a scalar for a scalar step, but returned `,
      );
    }
  });

  test("does not move parameters whose gradients are all 0, with finite derivatives", () => {
    const optimizer = row.make(
      Object.fromEntries(Object.entries(row.options).filter(([option]) => option !== "weightDecay")) as never,
    );
    const after = (x: Tensor): Tensor => {
      const params = { w: x };
      const grads = grad((p: typeof params) => sum(square(mul(p.w, [[0, 1]]))))(params);
      return sum(applyUpdates(params, optimizer.update(grads, optimizer.init(params), params).updates).w);
    };
    const slope = grad(after)([[1, 2]]).data();
    expect([...slope].every(Number.isFinite)).toBe(true);
  });
});

test.each([
  ["adagrad", optim.adagrad],
  ["rmsprop", optim.rmsprop],
  ["adam", optim.adam],
])("scaling the loss changes nothing for %s with ε = 0", (_, make) => {
  const scaled = (factor: number): number[] => {
    const optimizer = make({ learningRate: 0.1, eps: 0 });
    let params = start;
    let state = optimizer.init(params);
    for (let k = 0; k < 10; k++) {
      const grads = grad((p: Params) => mul(factor, loss(p)))(params);
      const { updates, state: next } = optimizer.update(grads, state as never, params);
      [params, state] = [applyUpdates(params, updates), next];
    }
    return [...params.w.data(), ...params.deep[0].v.data()];
  };
  const plain = scaled(1);
  fc.assert(
    fc.property(fc.oneof(fc.constant(1000), fc.double({ min: 1e-3, max: 1e3, noNaN: true })), (factor) => {
      scaled(factor).forEach((x, i) => expect(x).toBeCloseTo(plain[i]!, 9));
    }),
    { seed: 1, numRuns: 15 },
  );
});

test("Adafactor accepts its state for a list of matrices next to a vector", () => {
  const params = { layers: [ones([2, 2]), ones([2, 2])], bias: ones([2]) };
  const { init, update } = optim.adafactor();
  const { updates } = update(params, init(params), params);
  expect(updates.layers.map((x) => x.shape)).toEqual([
    [2, 2],
    [2, 2],
  ]);
});
