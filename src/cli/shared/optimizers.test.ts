import { readFileSync } from "node:fs";
import { join } from "node:path";
import { square, tensor } from "downhill";
import { cosineDecay, type Schedule } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { makeOptimizer, readOptimizer } from "./optimizers.ts";
import { optimizerNames } from "./optimizer-table.ts";

const context = { what: "--optimizer", steps: 10 };
const read = (text: string) => readOptimizer(text, context);

test("every optimiser of the library is available by its name", () => {
  const index = readFileSync(join(import.meta.dirname, "../../numeric/optim/functions.ts"), "utf8");
  // optimisers with their own files and options
  const pattern = /export \{ (\w+) \} from "\.\/[\w-]+\.ts";\nexport type \{[^}]*\w+Options\b/g;
  const library = [...index.matchAll(pattern)].map(([, name]) => name!);
  expect(library.length).toBeGreaterThan(15);
  expect([...optimizerNames].sort()).toEqual(library.sort());
});

describe.each(optimizerNames)("%s", (name) => {
  test("steps down a slope", () => {
    const { init, update } = makeOptimizer(read(name));
    const params = { w: tensor([[1, 2]]) };
    const { updates } = update({ w: tensor([[2, 4]]) }, init(params), params, {
      value: tensor(5),
      valueAndGrad: (p) => [square(p.w).sum(), { w: p.w.mul(2) }],
    });
    expect(updates.w.max().item()).toBeLessThan(0);
  });
});

test("options are those of the library, in its spelling or with hyphens", () => {
  expect(read("adam(beta1=0.8, amsgrad, weight-decay=1e-4, lr=0.01)").options).toEqual({
    beta1: 0.8,
    amsgrad: true,
    weightDecay: 1e-4,
    learningRate: 0.01,
  });
  expect(read("sparse-adam").name).toBe("sparseAdam");
  expect(read("muon(nsCoefficients=2,-1.5,0.5, nesterov=false)").options).toEqual({
    nsCoefficients: [2, -1.5, 0.5],
    nesterov: false,
  });
  expect(read("muon(nsCoefficients=[2,-1.5,0.5])").options).toEqual({ nsCoefficients: [2, -1.5, 0.5] });
  expect(read("lbfgs(maxEvaluations=null, lineSearch=strong-wolfe)").options).toEqual({
    maxEvaluations: null,
    lineSearch: "strong-wolfe",
  });
});

test("names of the course select the variants of the library", () => {
  expect(read("momentum(lr=0.1)")).toEqual({ name: "sgd", options: { momentum: 0.9, learningRate: 0.1 } });
  expect(read("Momentum(momentum=0.5)").options).toEqual({ momentum: 0.5 });
  expect(read("nesterov").options).toEqual({ momentum: 0.9, nesterov: true });
  expect(read("amsgrad(beta1=0.8)")).toEqual({ name: "adam", options: { amsgrad: true, beta1: 0.8 } });
  expect(() => read("momentm")).toThrow('Did you mean "momentum"?');
});

test("a learning rate may be a schedule over the steps of the run", () => {
  const { learningRate } = makeOptimizer(read("sgd(learningRate=cosine(from=0.2, to=0.02), momentum=0.9)"));
  const expected = cosineDecay({ from: 0.2, to: 0.02, steps: 10 });
  const steps = [0, 3, 10];
  expect(steps.map((t) => (learningRate as Schedule)(t))).toEqual(steps.map((t) => expected(t)));
  const stairs = read("sgd(lr=multi-step(from=1, factor=0.5, at=3,6))").options["learningRate"] as Schedule;
  expect([2, 3, 6].map((t) => stairs(t))).toEqual([1, 0.5, 0.25]);
});

test.each([
  ["adm", '--optimizer: "adm" is not an optimiser. Did you mean "adam"?'],
  ["zzzzzz", '--optimizer: "zzzzzz" is not an optimiser. There are sgd, adam,'],
  ["adam(", "--optimizer is written as name, or name(option=value, …)"],
  ["adam(beta=0.8)", 'adam: unknown option "beta". Did you mean "beta1"?'],
  ["adam(beta1=1)", "adam: beta1 must be a number from 0 to 1, 1 excluded, got 1."],
  ["adam(beta1=x)", 'adam: beta1 must be a number from 0 to 1, 1 excluded, got "x".'],
  ["adam(amsgrad=1)", "adam: amsgrad must be true or false, got 1."],
  ["adam(amsgrad=true, amsgrad)", "--optimizer adam has amsgrad twice."],
  ["sgd(lr=1, learningRate=2)", "--optimizer: sgd has learningRate twice."],
  ["sgd(lr=-1)", "sgd: learningRate must be a finite number of 0 or more, got -1."],
  ["sgd(lr=cosin(from=1))", '"cosin" is not a schedule. Did you mean "cosine"?'],
  ["sgd(lr=cosine(form=1))", 'cosine has no form. Did you mean "from"?'],
  ["sgd(0.1)", '--optimizer sgd: options are written as name=value, got "0.1".'],
  ["sgd(nesterov)", "sgd: nesterov needs a momentum above 0"],
])("%s is refused", (text, message) => {
  expect(() => read(text)).toThrow(message);
});
