import { grad, mul, sin, tensor } from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import * as plainModule from "downhill/plain";
import { sgd } from "downhill/optim";
import { compile } from "downhill/plain";
import { randint, key } from "downhill/random";
import { expect, test } from "vitest";
import { writeMarkup } from "../../src/pictures/plot/markup.ts";
import { extent } from "../../test/support/extent.ts";
import { Choices } from "../../test/support/random-choices.ts";
import { programText, runProgram } from "../../test/support/run-program.ts";
import { gradientProgram } from "../live/shared-program.ts";
import { randomText } from "../../test/support/random-texts.ts";
import { answer, readableOf } from "./answer.ts";
import { animationOf, descentProgram } from "./descend.ts";
import { fitProgramOf } from "./fit.ts";
import { examples } from "./examples.ts";
import { pageOf } from "./own-page.ts";
import { type Answer, madeData, type Question, type Shown, type View, views } from "./question.ts";

const question: Question = {
  text: "x*y + sin(x)",
  typed: { x: "2", y: "3" },
  view: "trace",
  along: [],
  ranges: {},
  optimizers: "sgd(lr=0.1)",
  steps: 20,
  language: "javascript",
  data: madeData,
  target: "",
};

async function ask<V extends View>(view: V, change: Partial<Question> = {}): Promise<Shown & { view: V }> {
  const { shown, problem, valueProblems, viewProblem } = await answer({ ...question, ...change, view });
  expect({ problem, valueProblems, viewProblem }).toEqual({
    problem: undefined,
    valueProblems: {},
    viewProblem: undefined,
  });
  return shown as Shown & { view: V };
}

function choices(seed: number): Choices {
  return new Choices(randint(key(seed), [600], 0, 1_000_000).tolist() as number[]);
}

const loop = `export function loss(a: number, xs: number[]): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < xs.length; i++) sum += Math.sin(a * xs[i]) ** 2;
  return sum;
}`;

test("the numbers of an answer have the derivatives of grad", async () => {
  const { value, numbers } = await answer(question);
  expect(value).toBe(6 + sin(2).item());
  expect(numbers.map(({ derivative }) => derivative)).toEqual([
    grad((x) => mul(x, 3).add(sin(x)))(2).item(),
    2,
  ]);
  const plain = await answer({ ...question, text: loop, typed: { a: "0.5", xs: "[1, 2]" } });
  const { loss } = await compile<{ readonly loss: (a: number, xs: number[]) => number }>(loop);
  expect(plain.numbers.map(({ name }) => name)).toEqual(["a", "xs[0]", "xs[1]"]);
  expect(plain.numbers[0]!.derivative).toBe(grad(loss)(0.5, [1, 2]));
});

test("every example has an answer in each of its views", async () => {
  for (const [i, example] of examples.entries()) {
    const { text, typed = {}, ranges = {}, optimizers = question.optimizers } = example;
    const isModel = !text.includes("[]") && text.includes("y"); // a formula of two numbers or more
    const all = views.filter((view) => view !== "fit" || isModel);
    const some = extent(0, 1) === 1 ? all : [all[i % all.length]!];
    for (const view of some) {
      const asked = { text, typed, ranges, optimizers, data: example.data ?? madeData };
      expect((await ask(view, asked)).view).toBe(view);
      if (view === "trace" || view === "descent" || view === "fit")
        expect(await pageOf({ ...question, ...asked, view }, "")).toContain("</html>");
    }
  }
});

test("random texts get a view or an error message", async () => {
  for (let seed = 0; seed < extent(4, 200, 10); seed++) {
    const { text } = randomText(choices(seed));
    const view = views[seed % (views.length - 1)]!; // the data of a fit have other columns
    const { problem, viewProblem, shown }: Answer = await answer({ ...question, text, typed: {}, view });
    expect([problem, viewProblem], text).toEqual([undefined, undefined]);
    expect(shown?.view, text).toBe(view);
  }
});

test("a trace of a function with a loop has its gradient", async () => {
  const { loss } = await compile<{ readonly loss: (a: number, xs: number[]) => number }>(loop);
  const xs = Array.from({ length: 12 }, (_, i) => i / 4);
  const { data } = await ask("trace", { text: loop, typed: { a: "0.5", xs: JSON.stringify(xs) } });
  const [a] = data.gradient;
  // Shown with six digits.
  expect(Number(a!.value.replace("−", "-"))).toBeCloseTo(grad(loss)(0.5, xs), 3);
});

test("a plot has values and slopes of the function", async () => {
  const shown = await ask("plot", { text: "x^3 - x", typed: { x: "1" } });
  if (shown.kind !== "curve") throw new Error("no curve");
  const [value, slope] = shown.chart.series;
  for (const i of [0, 100, 399]) {
    const x = value!.x[i]!;
    expect(value!.y[i]).toBeCloseTo(x ** 3 - x, 10);
    expect(slope!.y[i]).toBeCloseTo(3 * x ** 2 - 1, 10);
  }
});

test("a descent makes the steps of the optimiser, also for array elements", async () => {
  const shown = await ask("descent", {
    text: loop,
    typed: { a: "0.5", xs: "[1, 2]" },
    along: ["a", "xs[1]"],
  });
  if (shown.kind !== "map") throw new Error("no map");
  const { loss } = await compile<{ readonly loss: (a: number, xs: number[]) => number }>(loop);
  let [a, x] = [0.5, 2];
  const optimizer = sgd({ learningRate: 0.1 });
  const state = optimizer.init(tensor([a, x]));
  for (let t = 0; t < 20; t++) {
    const [da, dxs] = grad(loss, { argnums: [0, 1] })(a, [1, x]);
    const { updates } = optimizer.update(tensor([da, dxs[1]!]), state, tensor([a, x]));
    [a, x] = [a + updates.at(0).item(), x + updates.at(1).item()];
  }
  const end = shown.trails[0]!.points.at(-1)!;
  expect(end[0]).toBeCloseTo(a, 12);
  expect(end[1]).toBeCloseTo(x, 12);
});

test("without a list of optimisers the rates of a descent suit the function", async () => {
  for (const text of ["(x^2 + 1000*y^2)/2", "500*(x - 1)^4 + 20*y^2", "exp(2*x) + exp(-2*x) + y^2"]) {
    const shown = await ask("descent", { text, optimizers: "" });
    expect(shown.runs.map(({ name }) => name).join(", ")).toBe(shown.optimizers);
    expect(shown.runs).toHaveLength(4);
    expect(
      shown.runs.filter(({ end }) => end.startsWith("diverged")),
      text,
    ).toEqual([]);
  }
});

// One value of 1e84 flattened the lines of the other runs.
test("a diverged run leaves the chart of a descent", async () => {
  const { progress, runs } = await ask("descent", {
    text: "x^2 + 3*y^2",
    optimizers: "sgd(lr=5), sgd(lr=0.1)",
    steps: 60,
  });
  expect(runs[0]!.end).toMatch(/^diverged/);
  expect(runs[0]!.value).toBeGreaterThan(1e60);
  const [lost, good] = progress.series.map(({ y }) => Array.from(y));
  expect(Math.max(...lost!.filter((value) => Number.isFinite(value)))).toBeLessThan(1e6);
  expect(lost!.at(-1)).toBeNaN();
  expect(good!.slice(0, 30).every((value) => Number.isFinite(value))).toBe(true);
});

test("code computes value and gradient, also of functions that JavaScript lacks", async () => {
  for (const [text, at] of [
    ["a = x*y; z = a^2 - (-x)^3 / (y - 1)", [1.5, 3]],
    ["sigmoid(x) * relu(y) + erf(x)", [0.3, 0.7]],
    ["where(x < y, x - y, max(x, y))", [0.3, 0.7]],
  ] as const) {
    const { text: code } = await ask("code", { text, typed: {} });
    const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      fGrad(x: number, y: number): [number, [number, number]];
    };
    const { value, numbers } = await answer({
      ...question,
      text,
      typed: { x: String(at[0]), y: String(at[1]) },
    });
    const [own, slopes] = module.fGrad(at[0], at[1]);
    expect(own).toBeCloseTo(value!, 13);
    slopes.forEach((slope, i) => expect(slope).toBeCloseTo(numbers[i]!.derivative!, 12));
  }
  expect((await ask("code", { language: "webassembly" })).text).toMatch(/^\(module \$f\n/);
});

test("a fit reads columns, uses the other inputs as parameters, and reports invalid data", async () => {
  const { estimates, target } = await ask("fit", {
    text: "a*x + b",
    data: "x\ty\n0\t1\n1\t3\n2\t5\n3\t7.5\n",
  });
  expect(target).toBe("y");
  expect(estimates.map(({ name, exact }) => [name, Number(exact.toFixed(9))])).toEqual([
    ["a", 2.15],
    ["b", 0.9],
  ]);
  for (const [data, words] of [
    ["", "There are no data"],
    ["once\nupon a time", "no column of numbers"],
    ["x,y\n1", "has 1 cell"],
    ["x,y\n1,2", "1 row cannot determine"],
    ["p,q\n1,2\n2,3", "reads no column"],
  ] as const) {
    const { viewProblem, shown } = await answer({ ...question, text: "a*x + b", view: "fit", data });
    expect(shown).toBeUndefined();
    expect(viewProblem).toEqual({ field: "data", message: expect.stringContaining(words) as string });
  }
});

test("faults are reported at their fields", async () => {
  const typo = await answer({ ...question, text: "x * sinn(y)" });
  expect([typo.problem?.start, typo.problem?.end, typo.shown]).toEqual([4, 8, undefined]);
  const empty = await answer({ ...question, typed: { x: "", y: "abc" } });
  expect(Object.keys(empty.valueProblems)).toEqual(["x", "y"]);
  expect(empty.valueProblems["x"]).toContain("has no value");
  expect(empty.shown).toBeUndefined();
  for (const [change, field] of [
    [{ optimizers: "addam" }, "optimizers"],
    [{ steps: 0 }, "steps"],
    [{ text: "1" }, "view"],
  ] as const)
    expect((await answer({ ...question, ...change, view: "descent" })).viewProblem?.field).toBe(field);
});

test("the program of a descent runs as it is, and ends where the runs of the page end", async () => {
  const asked: Question = {
    ...question,
    view: "descent",
    text: "(x - 1)^2 + 2*(y + 1)^2",
    optimizers: "sgd(lr=0.1), momentum(lr=cosine(from=0.05)), adam(lr=0.2, amsgrad)",
  };
  const readable = await readableOf(asked);
  const program = descentProgram(readable, asked)!.replaceAll(/^export (?=const)/gm, "");
  const printed = await runProgram(
    `${program}\nconsole.log(JSON.stringify(result.runs.map((run) => run.values.at(-1))));`,
    { "downhill/landscapes": landscapes, "downhill/optim": optim },
  );
  const { runs } = await ask("descent", asked);
  const ends = JSON.parse(printed.split("\n").at(-1)!) as number[];
  expect(ends).toEqual(runs.map(({ value }) => expect.closeTo(value, 12) as number));
  expect(writeMarkup(animationOf(readable, asked))).toMatch(/@keyframes f0-2-grow/);
});

test("the fit of a program opens on a result, with data that the program made", async () => {
  const { estimates, made, columns } = await ask("fit", { text: "x*y + sin(x)", typed: { y: "3" } });
  expect(made).toMatch(/^x,z\n-4,/);
  expect(columns).toEqual(["x", "z"]);
  expect(estimates.map(({ name, exact }) => [name, Math.round(exact)])).toEqual([["y", 3]]);
  const { viewProblem } = await answer({ ...question, text: "x^2", typed: {}, view: "fit" });
  expect(viewProblem?.message).toContain("write a program of at least two numbers");
});

test("the program of a fit contains its data, and finds its parameters", async () => {
  const asked: Question = { ...question, view: "fit", text: "x*y + sin(x)", typed: { y: "3" } };
  const program = await fitProgramOf(await readableOf(asked), asked);
  const printed = await runProgram(programText(program!), {
    "downhill/optim": optim,
    "downhill/plain": plainModule,
  });
  const { estimates } = await ask("fit", asked);
  expect(JSON.parse(printed.split("\n")[0]!.replace("parameters ", ""))).toEqual({
    y: expect.closeTo(estimates[0]!.exact, 8) as number,
  });
});

test("a descent of TypeScript has no program of its own", async () => {
  const plain: Question = { ...question, view: "descent", text: loop, typed: { a: "0.5", xs: "[1, 2]" } };
  expect(descentProgram(await readableOf(plain), plain)).toBeUndefined();
  const shared = gradientProgram((await readableOf(plain)).program, (await readableOf(plain)).args);
  expect(shared).toContain("valueAndGrad(program.loss, { argnums: [0, 1] })");
});
