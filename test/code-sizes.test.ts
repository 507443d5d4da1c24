// Sizes of compiled code for a fixed set of programs: kernels, bytes of code, bytes of temporaries, and equations after
// each pass. Plans for a GPU have dispatches, workgroups, words of temporaries, statements and expressions. A pass that
// no longer applies, or a rewrite that writes more than before, changes no result; it changes these numbers. After an
// intended change:
//
//   DOWNHILL_WRITE=1 npx vitest run test/code-sizes.test.ts
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  associativeScan,
  broadcastTo,
  checkpoint,
  cond,
  customJvp,
  exp,
  grad,
  jvp,
  less,
  log,
  logsumexp,
  matmul,
  max,
  mean,
  pad,
  pow,
  scan,
  sigmoid,
  sin,
  slice,
  softmax,
  square,
  stack,
  sum,
  switchCase,
  tanh,
  taylor,
  tensor,
  transpose,
  vmap,
  where,
  whileLoop,
  zeros,
} from "downhill";
import { cholesky, solve } from "downhill/linalg";
import type { LowerOptions } from "../src/engine/region/lower/options.ts";
import { lowerRegion } from "../src/engine/region/lower/routine.ts";
import { cotangents } from "../src/engine/region/derive/gradient.ts";
import { tangent } from "../src/engine/region/derive/tangent.ts";
import type { Region } from "../src/engine/region/form/region.ts";
import { walkExpressions, walkStmts } from "../src/engine/region/form/walk.ts";
import {
  dispatchesOf,
  kernelsIn,
  statementsOf,
  workgroupsOf,
} from "../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../src/engine/codegen/dispatch/plan.ts";
import { standaloneModules } from "../src/engine/backends/wasm/standalone.ts";
import { bytesPerElement } from "../src/engine/kernel/executable.ts";
import type { Routine } from "../src/engine/kernel/scalar.ts";
import { constantSize } from "../src/engine/kernel/sizes.ts";
import { countEquations } from "../src/engine/ir/program.ts";
import { walkBlock, walkExpr } from "../src/engine/kernel/walk.ts";
import { lowerProgram } from "../src/engine/passes/lower.ts";
import { optimizeInStages } from "../src/engine/passes/pipeline.ts";
import { scalarFunctions } from "../src/engine/prims/scalar-functions.ts";
import { traceProgram } from "../src/engine/trace/staging.ts";
import { testWith } from "./support/conditions.ts";
import { choicesOf } from "./support/draw-region.ts";
import { marked } from "./support/marked.ts";
import { formOfText } from "./support/plain-region.ts";
import { Choices } from "./support/random-choices.ts";
import { kernels } from "./support/random-kernels.ts";
import { randomNest } from "./support/random-nests.ts";
import type { PlainProgram } from "./support/random-plain.ts";
import { randomPlain } from "./support/random-plain.ts";
import { randomProducts } from "./support/random-products.ts";
import { functionOf, isReversible, pointOf, recipes, smallDims } from "./support/random-programs.ts";
import { randomRegion } from "./support/random-regions.ts";
import { sizedKernels } from "./support/random-sizes.ts";
import { randomStrips } from "./support/random-strips.ts";
import { transforms } from "./support/random-transforms.ts";
import { isReal, realParams } from "./support/region-derivatives.ts";

/** Kernels, bytes of code, and bytes of temporaries of constant size. */
type ModuleSizes = readonly [kernels: number, code: number, temporaries: number];
/** Dispatches, workgroups, words of temporaries, and statements and expressions of kernels. */
type DeviceSizes = readonly [dispatches: number, workgroups: number, temporaries: number, code: number];
type Table = Record<string, readonly number[]>;
type F = (...xs: readonly Tensor[]) => Tensor | Tensor[];

function sizesOf(routine: Routine): ModuleSizes {
  const { kernels, bytes } = standaloneModules().add(routine);
  const temporaries = routine.temps.reduce((total, { type, size }) => {
    return total + bytesPerElement[type] * (constantSize(size) ?? 0);
  }, 0);
  return [kernels, bytes.length, temporaries];
}

function deviceSizesOf(routine: Routine): DeviceSizes {
  const { steps, memory } = planDispatches(routine);
  let [workgroups, code] = [0, 0];
  const count = (): void => void code++;
  for (const kernel of kernelsIn(steps)) {
    workgroups += workgroupsOf(kernel);
    const block = kernel.sections.flatMap(statementsOf);
    walkBlock(block, { stmt: count, expr: (expr) => walkExpr(expr, count) });
  }
  return [dispatchesOf(steps), workgroups, memory.words, code];
}

/** Sizes of a region and of its derivatives of both modes, and of the derivative of the gradient. */
function addRegion(table: Table, name: string, region: Region, options: LowerOptions = {}): void {
  const isMoving = realParams(region);
  const pulled = cotangents(region, isMoving, scalarFunctions);
  const isMovingAgain = pulled.params.map(({ type }, i) => i < region.params.length && isReal(type));
  const regions = {
    value: region,
    tangent: tangent(region, isMoving, scalarFunctions, { primal: true }),
    gradient: pulled,
    second: tangent(pulled, isMovingAgain, scalarFunctions, { primal: true }),
  };
  for (const [kind, made] of Object.entries(regions))
    table[`${name}, ${kind}`] = sizesOf(lowerRegion(made, scalarFunctions, options).routine);
}

function addProgram(table: Table, name: string, f: F, ...point: readonly Tensor[]): void {
  const types = point.map((x) => x.type);
  const { program } = traceProgram("f", types, (...xs: readonly Tensor[]) => {
    const outs = f(...xs);
    return Array.isArray(outs) ? outs : [outs];
  });
  const stages = optimizeInStages(program);
  table[`${name}, equations after each pass`] = stages.map((stage) => countEquations(stage.program));
  const { routine } = lowerProgram(stages.at(-1)!.program);
  table[name] = [...sizesOf(routine), ...deviceSizesOf(routine)];
}

const matrix = (rows: number, columns: number, dtype: "float64" | "float32" = "float64"): Tensor =>
  tensor(
    Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
    { dtype, shape: [rows, columns] },
  );

const recurrence = (w: Tensor, xs: Tensor): Tensor =>
  sum(
    scan((h: Tensor, x: Tensor) => [tanh(matmul(h, w).add(x)), h], zeros([1, 8]), xs.reshape([-1, 1, 8]))[0],
  );
const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
  matmul(softmax(matmul(q, transpose(k)), { axis: 1 }), v);
const network = (w1: Tensor, w2: Tensor, x: Tensor): Tensor => sum(matmul(tanh(matmul(x, w1)), w2));
const normalise = (x: Tensor): Tensor =>
  x.sub(mean(x, { axis: 1, keepdims: true })).div(max(x, { axis: 1, keepdims: true }));
const positive = (x: Tensor): Tensor => matmul(x, transpose(x)).add(tensor([[9]]));
const derivative = (f: F, ...argnums: number[]): F => grad(f as never, { argnums }) as never;

/** Programs with one purpose each, over arrays of some hundred elements. */
function addPrograms(table: Table): void {
  for (const dtype of ["float64", "float32"] as const) {
    const of = (rows: number, columns: number): Tensor => matrix(rows, columns, dtype);
    const add = (name: string, f: F, ...point: readonly Tensor[]): void =>
      addProgram(table, `${name}, ${dtype}`, f, ...point);
    add("elementwise", (x) => exp(sin(x.mul(x))).add(1), of(40, 50));
    add(
      "gradient of a sum",
      derivative((x) => sum(x.mul(sin(x))), 0),
      of(33, 65),
    );
    add("rows", normalise, of(33, 65));
    add(
      "gradient of rows",
      derivative((x) => sum(normalise(x)), 0),
      of(33, 65),
    );
    add(
      "gradient of logsumexp",
      derivative((x) => sum(logsumexp(x, { axis: 0 })), 0),
      of(9, 31),
    );
    add(
      "mask",
      derivative((x) => sum(where(x.greater(0), log(x), 0)), 0),
      of(9, 31),
    );
    add("attention", attention, of(16, 24), of(20, 24), of(20, 8));
    add(
      "gradient of attention",
      derivative((q, k, v) => sum(attention(q, k, v)), 0, 1, 2),
      of(16, 24),
      of(20, 24),
      of(20, 8),
    );
    add("large product", (a, b) => matmul(a, b), of(200, 150), of(150, 170));
    add(
      "batched product",
      vmap((a: Tensor, b: Tensor) => matmul(a, b)),
      of(24, 80).reshape([4, 6, 80]),
      of(80, 24).reshape([4, 80, 6]),
    );
    add("gradient of a network", derivative(network, 0, 1), of(20, 30), of(30, 5), of(12, 20));
    add(
      "gradient of a checkpoint",
      derivative(checkpoint(network as never), 0, 1),
      of(20, 30),
      of(30, 5),
      of(12, 20),
    );
    add("recurrence", recurrence, of(8, 8), of(10, 8));
    add("gradient of a recurrence", derivative(recurrence, 0, 1), of(8, 8), of(10, 8));
    add("factorisation", (x: Tensor) => cholesky(positive(x)), of(6, 6));
    add(
      "gradient of a solution",
      derivative((x, b) => sum(solve(positive(x), b)), 0, 1),
      of(6, 6),
      of(6, 2),
    );
  }
}

const gates = (w: Tensor, u: Tensor, xs: Tensor): Tensor =>
  sum(scan((h: Tensor, x: Tensor) => [tanh(matmul(x, w).add(matmul(h, u))), null], zeros([2, 32]), xs)[0]);
const softplus: (x: Tensor) => Tensor = customJvp(
  (x: Tensor) => log(exp(x).add(1)),
  ([x], [dx]) => [softplus(x), sigmoid(x).mul(dx)],
);
const series = (f: (x: Tensor) => Tensor): F => taylor(f, { order: 4 });
const branches = (x: Tensor): Tensor =>
  sum(cond(x.at(0, 0).greater(0), () => sin(x).mul(x), () => x.mul(x))); // prettier-ignore
const cases = (x: Tensor): Tensor =>
  sum(switchCase(x.at(0, 0).greater(0).astype("int32"), [() => sin(x), () => exp(x), () => x]));
const doubled = (x: Tensor): Tensor =>
  whileLoop((c: Tensor) => less(sum(c), 1000), (c: Tensor) => c.mul(2).add(x), x); // prettier-ignore
const prefixes = (x: Tensor): Tensor => sum(associativeScan((a: Tensor, b: Tensor) => a.mul(b), x).mul(x));
const segments = (x: Tensor): Tensor =>
  sum(scan((c: Tensor, y: Tensor) => [sin(c).mul(y), c], x.at(0), x, { checkpoint: true })[0]);
const neighbours = (x: Tensor): Tensor =>
  sum(square(slice(x, [1, 20]).sub(slice(x, [0, 19])))).add(
    sum(pad(x, [[2, 1], [0, 0]]).mul(pad(x, [[3, 0], [0, 0]]))), // prettier-ignore
  );
const repeated = (x: Tensor, y: Tensor): Tensor =>
  sum(broadcastTo(sum(x), [16]), { axis: 0 }).add(sum(broadcastTo(y, [4, 20, 12]), { axis: 0 }).mul(y));

/** Programs with control flow, series, rules and other operations that have passes or transforms of their own. */
function addTransforms(table: Table): void {
  for (const dtype of ["float64", "float32"] as const) {
    const of = (rows: number, columns: number): Tensor => matrix(rows, columns, dtype);
    const x = of(20, 12);
    const add = (name: string, f: F, ...point: readonly Tensor[]): void =>
      addProgram(table, `${name}, ${dtype}`, f, ...point);
    add(
      "gradient of gates",
      derivative(gates, 0, 1, 2),
      of(48, 32),
      of(32, 32),
      of(10, 48).reshape([5, 2, 48]),
    );
    add(
      "series of a quotient",
      series((y) => sin(y).div(exp(y).add(1))),
      x,
      of(20, 12),
    );
    add(
      "series of powers",
      series((y) => pow(y, 3).add(pow(y.mul(y).add(1), 0.3))),
      x,
      of(20, 12),
    );
    add("series of a gradient", series(grad((y) => sum(softplus(y)))), x, of(20, 12));
    add(
      "series of a loop",
      series((y) => segments(y)),
      x,
      of(20, 12),
    );
    add("second derivative of a rule", grad(grad((y) => softplus(y))), x.at(0, 0));
    for (const [name, f] of Object.entries({ branches, cases, prefixes, segments, neighbours })) {
      add(name, f, x);
      add(`gradient of ${name}`, derivative(f, 0), x);
      add(`batch of ${name}`, vmap(f), of(60, 12).reshape([3, 20, 12]));
    }
    add("loop without a known end", doubled, x);
    add("derivative of a loop without a known end", (y, dy) => jvp(doubled, [y], [dy]), x, of(20, 12));
    add("sums of repetitions", repeated, x, of(20, 12));
    add(
      "product with a transposed matrix",
      (a, b) => matmul(transpose(a), transpose(b)),
      of(20, 12),
      of(7, 20),
    );
    add("empty product", (a, b) => matmul(a, b), zeros([0, 4], { dtype }), zeros([4, 3], { dtype }));
    add("product of nothing", (a, b) => matmul(a, b), zeros([2, 0], { dtype }), zeros([0, 3], { dtype }));
  }
}

/** Plain functions of a number or an array, with loops, branches and arrays that change. */
const plainBodies: Readonly<Record<string, string>> = {
  loop: "let s = 0; for (let i = 0; i < 3; i++) s += Math.sin(x * i) * Math.exp(x); return s / x;",
  "loop without a known end": "let y = x; while (y < 100) y = y * y + x; return Math.log(y);",
  choices:
    "let y = x > 0 ? Math.cos(x) : x; if (y > 0.5) y = Math.sqrt(y); return y * Math.max(x, 1) + x ** 2.3;",
  arrays: `const y = new Float64Array(x.length); let z = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) y[i] = x[i] * x[(i + 1) % x.length];
    for (let i = 1; i < x.length; i++) { z[i] = Math.exp(y[i - 1]) + z[i - 1]; y[0] += z[i] / x[i]; }
    z[0] = y[0]; return z;`,
};

/** Tangents and series of plain functions within a tensor program. */
function addPlainFunctions(table: Table): void {
  for (const [name, body] of Object.entries(plainBodies)) {
    const isArray = name === "arrays";
    const f = marked(`function f(x: ${isArray ? "Float64Array" : "number"}) { "use ad"; ${body} }`) as F;
    const x = isArray ? tensor([0.4, -0.7, 1.2]) : tensor(0.3);
    addProgram(table, `plain ${name}`, f, x);
    addProgram(table, `tangent of plain ${name}`, (y) => jvp(f as (y: Tensor) => Tensor, [y], [y]), x);
    addProgram(table, `series of plain ${name}`, (y) => taylor(f as (y: Tensor) => Tensor, { order: 3 })(y, y), x); // prettier-ignore
  }
}

/** Programs of random operations, each under one transform in turn. */
function addRandomPrograms(table: Table): void {
  const names = Object.keys(transforms);
  const drawn = fc.sample(recipes(smallDims), { numRuns: 48, seed: 7 }).filter(isReversible);
  for (const [i, recipe] of drawn.entries()) {
    const name = names[i % names.length]!;
    const [point, tangents, cts] = [pointOf(recipe), pointOf(recipe, 1), pointOf(recipe, 2)];
    const batch = point.map((x) => stack([x, x, x]));
    const { g, point: at } = transforms[name]!(functionOf(recipe), {
      point,
      tangents,
      cotangents: cts,
      batch,
    });
    addProgram(table, `random program ${i}, ${name}`, g, ...at);
  }
}

const form =
  (draw: (choices: Choices) => PlainProgram) =>
  (choices: Choices): Region =>
    formOfText(draw(choices).typescript).region;

/** Random plain functions, loop nests, sums of products, and regions. */
const kinds: Readonly<Record<string, (choices: Choices) => Region>> = {
  nest: form(randomNest),
  "plain function": form(randomPlain),
  products: form(randomProducts),
  region: (choices) => randomRegion(choices).region,
  strips: (choices) => randomStrips(choices).region,
};

/** Sizes of random regions and of their derivatives, with the options of lowering in turn. */
function addRandomRegions(table: Table): void {
  const options: readonly LowerOptions[] = [{}, { failedChecks: "end" }, { sums: false }];
  for (const [name, draw] of Object.entries(kinds))
    for (let seed = 1; seed <= 12; seed++)
      addRegion(
        table,
        `${name} ${seed}`,
        draw(new Choices(choicesOf(seed, 160))),
        options[seed % options.length],
      );
}

/** Statements, loops, arrays and expressions of a region. */
function countsOf({ body }: Region): number[] {
  let [statements, loops, arrays, expressions] = [0, 0, 0, 0];
  walkStmts(body, ({ kind }) => {
    statements++;
    if (kind === "for" || kind === "while") loops++;
    if (kind === "array") arrays++;
  });
  walkExpressions(body, () => void expressions++);
  return [statements, loops, arrays, expressions];
}

/** Lengths of the derivatives of more random regions, and of gradients in segments, without their code. */
function addRandomDerivatives(table: Table): void {
  for (const [name, draw] of Object.entries(kinds))
    for (let seed = 13; seed <= 28; seed++) {
      const region = draw(new Choices(choicesOf(seed, 240)));
      const isMoving = realParams(region);
      const forward = tangent(region, isMoving, scalarFunctions, { primal: true });
      const gradients = [{}, { checkpoint: true }, { checkpoint: 2, fuse: false }].map((options) =>
        cotangents(region, isMoving, scalarFunctions, options),
      );
      table[`${name} ${seed}, derivatives`] = [forward, ...gradients].flatMap(countsOf);
    }
}

/** Code of random routines, with constant sizes and with sizes that are known when they are called. */
function addRandomRoutines(table: Table): void {
  for (const [i, routine] of fc.sample(kernels(), { numRuns: 100, seed: 3 }).entries())
    table[`routine ${i}`] = sizesOf(routine);
  for (const [i, { routine }] of fc.sample(sizedKernels(), { numRuns: 100, seed: 3 }).entries())
    table[`sized routine ${i}`] = sizesOf(routine);
}

const isWriting = process.env["DOWNHILL_WRITE"] === "1";
const file = new URL("testdata/code-sizes.json", import.meta.url);
const recorded: Table = isWriting ? {} : (JSON.parse(readFileSync(file, "utf8")) as Table);
const found: Table = {};

afterAll(() => {
  if (!isWriting) return;
  const rows = Object.entries(found).map(
    ([name, sizes]) => `${JSON.stringify(name)}: ${JSON.stringify(sizes)}`,
  );
  writeFileSync(file, `{\n${rows.join(",\n")}\n}\n`);
});

// one test for each part, so that a difference shows before all programs are compiled
describe("kernels, code and temporaries have the recorded sizes", () => {
  test.each([
    ["random routines", addRandomRoutines],
    ["programs with one purpose", addPrograms],
    ["programs with control flow and series", addTransforms],
    ["plain functions", addPlainFunctions],
    ["derivatives of random regions", addRandomDerivatives],
    ["random programs", addRandomPrograms],
    ["random regions", addRandomRegions],
  ])("%s", (_, add) => {
    const table: Table = {};
    add(table);
    Object.assign(found, table);
    if (isWriting) return;
    expect(table).toEqual(Object.fromEntries(Object.keys(table).map((name) => [name, recorded[name]])));
  });

  testWith("all rows, which a sampled run skips", process.env["DOWNHILL_SAMPLE"] !== "1")(
    "all recorded programs",
    () => {
      const names = Object.keys(isWriting ? found : recorded);
      expect(Object.keys(found).toSorted()).toEqual(names.toSorted());
    },
  );
});
