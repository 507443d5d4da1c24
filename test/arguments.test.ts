// Misuse that plain JavaScript permits and types would not: every exported function refuses surplus arguments and
// unknown options instead of ignoring them.
import * as root from "downhill";
import * as core from "downhill/core";
import * as data from "downhill/data";
import * as distributed from "downhill/distributed";
import * as fft from "downhill/fft";
import * as io from "downhill/io";
import * as landscapes from "downhill/landscapes";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import * as onnx from "downhill/onnx";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import * as sparse from "downhill/sparse";
import * as testing from "downhill/testing";
import * as train from "downhill/train";
import * as tree from "downhill/tree";
import * as viz from "downhill/viz";
import { describe, expect, test } from "vitest";

type Anything = (...words: unknown[]) => unknown;
const modules = {
  linalg, // first: `cond` and `norm` are functions of the main module too
  root,
  core,
  data,
  distributed,
  fft,
  io,
  landscapes,
  nn,
  onnx,
  optim,
  random,
  sparse,
  testing,
  train,
  viz,
};
/** Modules that share names with other modules. Messages name them: `tree.map`. */
const prefixed = { tree };
const functions = new Map<string, Anything>();
for (const module of Object.values(modules))
  for (const [name, value] of Object.entries(module))
    if (typeof value === "function" && !/^class\b/.test(String(value)))
      functions.set(name, value as Anything);
for (const [prefix, module] of Object.entries(prefixed))
  for (const [name, value] of Object.entries(module)) functions.set(`${prefix}.${name}`, value as Anything);

/** Functions with any number of arguments, which check each argument themselves. */
const variadic =
  "addAt anyBatch at broadcastArrays broadcastShapes chain cond einsum evalShape linearize maxAt minAt mulAt resultType setAt slice switchCase tree.map tree.mapWithPath vjp".split(
    " ",
  );

/**
 * Returns the error message of a call: thrown at once, as a rejected promise, or when its first element is requested.
 */
async function messageOf(f: Anything, ...words: unknown[]): Promise<string> {
  try {
    const result = f(...words);
    if (typeof result === "object" && result !== null && "next" in result) await (result.next as Anything)();
    else await result;
  } catch (error) {
    if (error instanceof root.DownhillError) return error.message;
    throw error;
  }
  return "no error";
}

/** Objects that are neither operands nor options but can be destructured. */
const objects = (n: number): readonly object[] => Array.from({ length: n }, () => ({}));

/** Number of arguments that a function takes, read from its message about surplus arguments. */
async function takes(name: string, f: Anything): Promise<number> {
  const message = await messageOf(f, ...objects(13));
  const found = /^([\w.]+): takes (\w+) arguments?, and more are given: number \d+ is an object\./.exec(
    message,
  );
  expect(found?.[1], `${name}: ${message}`).toBe(name);
  const [, , word] = found!;
  return word === "no" ? 0 : word === "one" ? 1 : Number(word);
}

const pair = root.tensor([1, 2]);
const sumOfSquares = (x: root.Tensor): root.Tensor => x.mul(x).sum();
const table = viz.traceTable(sumOfSquares, { at: [[1, 2]] });

/** Arguments before the options, where they are not tensors. */
const operands: Readonly<Record<string, readonly unknown[]>> = {
  atLeast: [sumOfSquares, 1],
  atMost: [sumOfSquares, 1],
  between: [sumOfSquares, 0, 1],
  equality: [sumOfSquares, 1],
  fold: [root.ones([1, 4, 1]), [2, 2], 2],
  instanceNorm: [{ weight: pair, bias: pair }, root.ones([1, 2, 3])],
  nullSpace: [root.ones([2, 3])],
  orth: [root.ones([2, 3])],
  quad: [sumOfSquares, 0, 1],
  taylor: [sumOfSquares],
  unfold: [root.ones([1, 1, 2, 2]), 2],
  batchNorm: [{ weight: pair, bias: pair }, pair, { mean: pair, variance: pair }],
  brentq: [sumOfSquares, 0, 1],
  checkGrads: [sumOfSquares, [1]],
  clipByGlobalNorm: [1],
  curveFitter: [(t: root.Tensor): root.Tensor => t],
  concatenate: [[pair, pair]],
  convolution: [{ weight: pair, bias: pair }, pair],
  evaluator: [sumOfSquares],
  fixedPoint: [(t: root.Tensor): root.Tensor => t, 1],
  fitCurve: [(t: root.Tensor): root.Tensor => t, [1, 2], [1, 2]],
  fitCurveAsync: [(t: root.Tensor): root.Tensor => t, [1, 2], [1, 2]],
  foriLoop: [0, 1, (_: root.Tensor, c: root.Tensor): root.Tensor => c, 1],
  full: [[2], 1],
  globalMinimize: [sumOfSquares, [0, 0]],
  globalMinimizeAsync: [sumOfSquares, [0, 0]],
  groupNorm: [{ weight: pair, bias: pair }, pair, 1],
  layerNorm: [{ weight: pair, bias: pair }, pair],
  normal: [random.key(0), 1],
  odeint: [(t: root.Tensor): root.Tensor => t, 1, [0, 1]],
  perEpoch: [1, 1],
  readIdx: [new Uint8Array(0)],
  eye: [2, 3],
  fftfreq: [4],
  rfftfreq: [4],
  fullLike: [pair, 1],
  nanpercentile: [pair, 50],
  nanquantile: [pair, 0.5],
  percentile: [pair, 50],
  quantile: [pair, 0.5],
  readNpy: [new Uint8Array(0)],
  readNpz: [new Uint8Array(0)],
  readParquet: [new Uint8Array(0)],
  readSafetensors: [io.writeSafetensors({ x: pair })],
  readTable: ["a\n1\n"],
  repeatVerification: ["report.json"],
  rmsNorm: [{ weight: pair }, pair],
  root: [(t: root.Tensor): root.Tensor => t, 1],
  sequential: [[optim.constantRate(1), optim.constantRate(2)]],
  solveOde: [(t: root.Tensor): root.Tensor => t, 1, [0, 1]],
  solveOdeAsync: [(t: root.Tensor): root.Tensor => t, 1, [0, 1]],
  stack: [[pair, pair]],
  uniform: [random.key(0), 1],
  warmup: [1],
  ...Object.fromEntries("toDot toHtml toMermaid toSvg".split(" ").map((name) => [name, [table]])),
  ...Object.fromEntries(
    "checkpoint grad hessian jacfwd jacrev jit leastSquares leastSquaresAsync leastSquaresSolver minimize minimizeAsync solver sparseHessian sparseJacobian valueAndGrad vmap"
      .split(" ")
      .map((name) => [
        name,
        /^(?:least|mini)(?!.*Solver)/.test(name) ? [sumOfSquares, [1, 2]] : [sumOfSquares],
      ]),
  ),
};

/**
 * True if a function has options: its last parameter is `options` (perhaps with `name` after it), or it is `configure`
 * or `dotGeneral`.
 */
function hasOptions(name: string, f: Anything): boolean {
  const parameters = String(f).slice(0, String(f).indexOf(") {"));
  if (name === "injectHyperparameters") return false; // they are those of the optimiser
  return /\boptions\b(?:, name)?[^,]*$/.test(parameters) || ["configure", "dotGeneral"].includes(name);
}

const fixed = [...functions].filter(([name]) => !variadic.includes(name));

describe("every public function", () => {
  test("is tested here, for all modules", () => {
    expect(functions.size).toBeGreaterThan(300);
    expect(variadic.filter((name) => !functions.has(name))).toEqual([]);
  });

  test.each(fixed)("%s refuses arguments beyond its own", async (name, f) => {
    const n = await takes(name, f);
    expect(n).toBeGreaterThanOrEqual(f.length);
    const own = objects(n);
    for (const [extra, what] of [
      [pair, "a Tensor"],
      [{ axis: 0 }, "an object"],
      [[1, 2], "an array"],
      [0.5, "the number 0.5"],
    ] as const) {
      const expected = `number ${n + 1} is ${what}.`;
      expect(await messageOf(f, ...own, extra), name).toContain(expected);
    }
  });

  const optioned = fixed.filter(([name, f]) => hasOptions(name, f));
  test("that has options is known by them", () => {
    expect(optioned.length).toBeGreaterThan(150);
    expect(Object.keys(operands).filter((name) => !optioned.some(([other]) => other === name))).toEqual([]);
  });

  test.each(optioned)("%s refuses an option that it does not know", async (name, f) => {
    const before = operands[name] ?? new Array<root.Tensor>((await takes(name, f)) - 1).fill(pair);
    expect(await messageOf(f, ...before, { colour: 1 })).toContain('unknown option "colour".');
    expect(await messageOf(f, ...before, pair)).toMatch(
      /the options must be an object, .*; got a Tensor\.$|the arrays must be one list, .* followed by the options\.$/,
    );
  });
});

describe("array methods", () => {
  const scalar = (x: unknown): number => (x as root.Tensor).item();
  const elementwise = (
    "abs acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor isFinite isNaN log log10 log1p " +
    "log2 logicalNot neg onesLike ravel reciprocal round sigmoid sign sin sinh softplus sqrt square stopGradient tan tanh trunc zerosLike " +
    "hardSigmoid hardSwish logSigmoid mish relu relu6 selu silu softsign"
  ).split(" ");

  test.each(elementwise)("map and similar methods call %s with any number of arguments", (name) => {
    const f = functions.get(name)!;
    const expected = [0.5, 0.25].map((x) => scalar(f(x)));
    expect([0.5, 0.25].map(f).map(scalar)).toEqual(expected);
    expect(Array.from([0.5, 0.25], f).map(scalar)).toEqual(expected);
    expect(Array.from(new Float64Array([0.5, 0.25]), f).map(scalar)).toEqual(expected);
  });

  test("reduce calls a function of two operands", () => {
    expect([pair, pair, pair].reduce(root.add).tolist()).toEqual([3, 6]);
    expect(
      [0.5, 2]
        .map((value) => root.tensor(value))
        .reduceRight(root.mul)
        .item(),
    ).toBe(1);
  });

  test("do not hide a surplus operand", () => {
    for (const words of [
      [1, pair],
      [1, 0, [2]],
      [1, 0.5],
      [1, 0, [1], pair],
    ])
      expect(() => (root.sin as Anything)(...words)).toThrow("sin: takes one argument, and");
    expect(() => (root.at as Anything)(pair, 1, 0)).toThrow("at: indices for 2 axes, and f64[2] has 1.");
    expect(() => [pair].map(root.sum as Anything)).toThrow("In map and its like write (x) => sum(x).");
  });
});

describe("methods refuse arguments beyond their own", () => {
  // functions that the language calls with its own arguments, and functions with any number of indices
  const readers = { toString: undefined, toJSON: undefined, constructor: undefined, at: undefined };
  const prototype = root.Tensor.prototype as unknown as Readonly<Record<string, Anything>>;
  const methods = Object.getOwnPropertyNames(prototype).filter(
    (name) =>
      !(name in readers) && typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === "function",
  );

  test.each(methods)("of tensors: %s", (name) => {
    expect(methods.length).toBeGreaterThan(25);
    const parameters = /^(\w*)\(([^)]*)\) \{/.exec(String(prototype[name]))![2]!;
    const n = parameters === "" ? 0 : parameters.split(",").length;
    for (const extra of [pair, { axis: 0 }, 0])
      expect(() => prototype[name]!.call(pair, ...objects(n), extra)).toThrow(
        `${name}: takes ${n === 0 ? "no argument" : n === 1 ? "one argument" : `${n} arguments`}, and more are given`,
      );
  });

  test("of data sets and their batches", () => {
    const set = data.dataset([1, 2, 3]);
    const stream = data.dataset(function* () {
      yield 1;
    });
    const batches = set.batch(2);
    for (const [object, names] of [
      [set, "shuffle sample map augment split kFold batch"],
      [stream, "shuffle map augment batch"],
      [batches, "epoch map augment prefetch"],
      [stream.batch(2), "epoch map augment prefetch"],
    ] as const)
      for (const name of names.split(" ")) {
        const method = (object as unknown as Readonly<Record<string, Anything>>)[name]!;
        expect(() => method(...objects(method.length + 1)), name).toThrow(/: takes \S+ arguments?, and/);
      }
  });

  test("of optimisers, which also report missing ones", () => {
    const w = { w: pair };
    const { init, update } = optim.adam();
    const chained = optim.chain(optim.clipByGlobalNorm(1), optim.adam());
    expect(() => (init as Anything)(w, {})).toThrow("adam: takes one argument, and more are given");
    expect(() => (update as Anything)(w)).toThrow(
      "adam: update needs gradients, state and parameters, and state and params are missing. Write update(grads, state, params)",
    );
    expect(() => (update as Anything)(w, init(w))).toThrow("and params is missing.");
    expect(() => (chained.update as Anything)(w)).toThrow(
      "chain: update needs gradients, state and parameters",
    );
    expect(() => (update as Anything)(w, init(w), w, {}, {})).toThrow(
      "takes 4 arguments, and more are given",
    );
    expect(() => (update as Anything)(w, init(w), w, { learningRate: 1 })).toThrow(
      'unknown option "learningRate"',
    );
  });

  test("of schedules", () => {
    const rate = optim.cosineDecay({ from: 1, steps: 10 });
    expect([0, 10].map(rate as Anything)).toEqual([1, 0]);
    expect(() => (rate as Anything)(0, pair)).toThrow("cosineDecay: takes one argument, and more are given");
  });
});

test("null is refused as a value of an option: elsewhere it means all axes", () => {
  for (const name of ["sort", "argsort", "softmax", "logSoftmax", "sum", "flip", "squeeze"])
    expect(() => functions.get(name)!(pair, { axis: null })).toThrow(`${name}: axis must not be null.`);
  expect(() => (nn.leakyRelu as Anything)(pair, { slope: null })).toThrow(
    "leakyRelu: slope must not be null.",
  );
});
