// Checks of random programs: a transform, passes, and every way to run the result. All ways of computing one program
// must return the bits of the interpreter. A program rewritten by passes must return the bits of the original, or
// differ only by rounding if sums are in another order: see src/testing/verify/rounding.ts.
import fc from "fast-check";
import type { Program, Tensor } from "downhill";
import * as d from "downhill";
import { checkProgram, jit, printProgram } from "downhill";
import { raceCheckingInterp } from "../../src/engine/backends/interp/index.ts";
import { jsBackend, makeJsBackend } from "../../src/engine/backends/js/index.ts";
import type { WasmOptions } from "../../src/engine/backends/wasm/index.ts";
import { makeWasmBackend, wasmFeatures } from "../../src/engine/backends/wasm/index.ts";
import { scalarTypeOf } from "../../src/engine/ir/types.ts";
import type { Backend, KernelValue } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import { lowerProgram } from "../../src/engine/passes/lower.ts";
import { fuseRows } from "../../src/engine/passes/row-fusion.ts";
import { eliminateDeadCode, optimize, type ProgramPass, pipeline } from "../../src/engine/passes/pipeline.ts";
import { evalProgram, traceProgram } from "../../src/engine/trace/staging.ts";
import { evaluateAlone } from "../../src/testing/check-backends.ts";
import { expectPrintedProgram } from "./printed.ts";
import type { Recipe } from "./random-programs.ts";
import type { Dims } from "./random-rules.ts";
import {
  functionOf,
  isFine,
  isReversible,
  largeDims,
  pointOf,
  recipes,
  smallDims,
} from "./random-programs.ts";
import type { Rounding } from "../../src/testing/verify/rounding.ts";
import { roundingOf } from "../../src/testing/verify/rounding.ts";
import type { Function, Given } from "./random-transforms.ts";
import { batched, isTwice, jitted, pull, push, transformNames, transforms } from "./random-transforms.ts";
import { seeded } from "./sampling.ts";
import { slotsOf, tensorOf } from "./cells.ts";

/** Fuses rows wherever possible, regardless of the benefit. */
const fuseAnyRows: ProgramPass = (program) => fuseRows(program, { elements: 1, bytes: 0 });
const passes = [...pipeline, ["fusion of any rows", fuseAnyRows] as const];

/** A program and the number that determines the rest of its trial. */
export interface Trial {
  readonly recipe: Recipe;
  readonly way: number;
}

/** The settings of the WebAssembly backend that change no bit. */
const settings: readonly WasmOptions[] = [
  {},
  { peepholes: { loadedConstants: true }, manyRegisters: true },
  { peepholes: { loadedConstants: false }, manyRegisters: false },
  { wide: true, manyRegisters: true, peepholes: { loadedConstants: true } },
  { wide: true },
  { limit: 200 },
  { limit: 20, chunkWork: 2048, mostIncoming: 9, mostParams: 3 },
  { chunkWork: 256 },
  { simd: false },
  { simd: false, limit: 100, chunkWork: 1024 },
  { threads: 2, chunkWork: 512 },
];

type Named = readonly (readonly [name: string, backend: Backend])[];

interface Contestants {
  readonly javascript: Named;
  readonly wasm: Named;
  readonly relaxed: Backend;
}

/** The interpreter, which also checks that independent loops are independent. */
const oracle = raceCheckingInterp();

const javascript: Named = [
  ["JavaScript", jsBackend],
  ["JavaScript in parts", makeJsBackend(100)],
];

function contestantsWith(more: WasmOptions): Contestants {
  const wasm = settings.map((one) => {
    const all = one.simd === false ? one : { ...one, ...more };
    return [`WebAssembly ${JSON.stringify(all)}`, makeWasmBackend({ relaxed: false, ...all })] as const;
  });
  return { javascript, wasm, relaxed: makeWasmBackend({ relaxed: true, ...more }) };
}

const usual = contestantsWith({});
/** Contestants of turbo mode. V8 may crash if it vectorises other code to 256-bit operations. */
const turbo = contestantsWith({ wide: true });

const mostRulesTwice = 2;

/** Elements beyond which second derivatives and batches would take too long. */
const smallSize = 2000;
const isLarge = ({ rows, columns }: Dims): boolean => rows * columns > smallSize;
const ofLarge = ["as it is", "jvp", "vjp"];

/** Trials over small shapes. One in twelve has shapes of about a thousand elements, and one in 150 large ones. */
export function trials(): fc.Arbitrary<Trial> {
  const among = (dims: readonly Dims[]): fc.Arbitrary<Trial> =>
    fc.record({ recipe: recipes(dims), way: fc.noShrink(fc.noBias(fc.nat(0x7fffffff))) });
  const isLong = ({ rows, columns }: Dims): boolean => rows * columns > 500;
  return fc.oneof(
    { weight: 137, arbitrary: among(smallDims.filter((dims) => !isLong(dims))) },
    { weight: 12, arbitrary: among(smallDims.filter(isLong)) },
    { weight: 1, arbitrary: among(largeDims) },
  );
}

/** Number of trials by kind. */
export type Tally = Map<string, number>;

const count = (tally: Tally, what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

/** Runs a routine several times and returns the last results, so that state left over from earlier runs would show. */
function run(
  routine: Routine,
  program: Program,
  backend: Backend,
  ins: readonly Tensor[],
  times = 2,
): readonly Tensor[] {
  const compiled = backend.compile(routine);
  let slots: KernelValue[] = [];
  for (let time = 0; time < times; time++) {
    slots = program.outs.map(({ type: { shape, dtype } }): KernelValue => {
      const n = shape.reduce((a, b) => a * b, 1);
      return shape.length === 0 ? 0 : { array: makeArray(scalarTypeOf(dtype), n + 1), offset: 1 };
    });
    compiled(slotsOf(ins), slots);
  }
  compiled.release?.();
  return program.outs.map((v, i) => tensorOf(v.type, slots[i]!));
}

const traced = (f: Function, point: readonly Tensor[]): ReturnType<typeof traceProgram> =>
  traceProgram(
    "f",
    point.map((x) => x.type),
    f,
  );

/** Whether two computations of the same results have the same bits. */
function areSame(got: readonly Tensor[], expected: readonly Tensor[]): boolean {
  return expected.every((x, k) => {
    const [want, have] = [x.data(), got[k]!.data()];
    let i = 0;
    while (i < want.length && Object.is(want[i], have[i])) i++;
    return i === want.length && have.length === want.length;
  });
}

/** Compares two computations of the same results, bit for bit. */
function expectSame(
  way: string,
  got: readonly Tensor[],
  expected: readonly Tensor[],
  program: Program,
): void {
  if (areSame(got, expected)) return;
  expected.forEach((x, k) => {
    const [want, have] = [x.data(), got[k]!.data()];
    const i = want.findIndex((value, j) => !Object.is(value, have[j]));
    if (i < 0 && have.length === want.length) return;
    throw new Error(`${way}: result ${k} [${i}] is ${have[i]}, not ${want[i]}\n${printProgram(program)}`);
  });
}

/** Returns a comparison of results that may differ in their last bits. It computes the allowed errors on demand. */
function expectNear(
  routine: Routine,
  program: Program,
  ins: readonly Tensor[],
  expected: readonly Tensor[],
): (way: string, kind: string, got: readonly Tensor[], tally: Tally) => void {
  let rounding: Rounding | undefined;
  return (way, kind, got, tally) => {
    if (areSame(got, expected)) return;
    rounding ??= roundingOf(
      routine,
      slotsOf(ins),
      expected.map((x) => x.data()),
    );
    count(tally, `not bit for bit: ${kind}`);
    if (rounding.isVague()) count(tally, "not bit for bit: whose rounding may be much, next to a jump");
    const found = rounding.find(got.map((x) => x.data()));
    if (found === undefined) return;
    const { result, at, got: have, want, allowed } = found;
    throw new Error(
      `${way}: result ${result} [${at}] is ${have}, not ${want}: off by ${Math.abs(have - want)} where rounding ` +
        `explains ${allowed}\n${printProgram(program)}`,
    );
  };
}

/**
 * Draws passes, backends and transforms, and throws if results differ. Runs under `configure({ reproducible: true })`.
 * `isTurbo` requires that `enableTurbo` is in effect.
 */
export function expectAgreement({ recipe, way }: Trial, tally: Tally = new Map(), isTurbo = false): void {
  const { wasm, relaxed } = isTurbo ? turbo : usual;
  const backends: Named = [...javascript, ...wasm];
  const random = seeded(way);
  const draw = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const oneIn = (n: number): boolean => random() < 1 / n;
  const names = isLarge(recipe.dims) ? ofLarge : transformNames;
  const name = draw(isReversible(recipe) ? names : names.filter((one) => !one.includes("vjp")));
  // second-order transforms make long programs of short ones
  const f = functionOf(isTwice(name) ? { ...recipe, list: recipe.list.slice(0, mostRulesTwice) } : recipe);
  const given = givenOf(recipe);
  count(tally, `transform: ${name}`);
  const { g, point: at } = transforms[name]!(f, given);
  const { program, captured } = traced(g, at);
  checkProgram(program);
  const ins = [...captured, ...at];
  const plain = lowerProgram(program).routine;
  const expected = run(plain, program, oracle, ins, oneIn(8) ? 2 : 1);
  const near = expectNear(plain, program, ins, expected);
  const lookNear = (what: string, kind: string, outs: readonly Tensor[]): void =>
    near(`${name}, ${what}`, kind, outs, tally);
  // passes may sum in another order; then the interpreter's result for the rewritten program is the reference
  const lookAfter = (made: Routine, by: Program, runners: Named, ways: string): void => {
    let own: readonly Tensor[] | undefined;
    for (const [runner, backend] of runners) {
      const outs = run(made, by, backend, ins, backend === oracle ? 1 : 2);
      if (areSame(outs, expected)) continue;
      if (own === undefined) {
        own = backend === oracle ? outs : run(made, by, oracle, ins, 1);
        lookNear(ways, "after passes", own);
      }
      expectSame(`${name}, ${ways}, ${runner}`, outs, own, by);
    }
  };

  if (oneIn(4)) {
    const [backendName, backend] = draw(backends);
    count(tally, `unoptimised: ${backendName}`);
    expectSame(`${name}, as it is, ${backendName}`, run(plain, program, backend, ins), expected, program);
  }

  let changed = program;
  const applied: string[] = [];
  for (let n = oneIn(2) ? 1 : 1 + Math.floor(random() * 5); n > 0; n--) {
    const [passName, pass] = draw(passes);
    count(tally, `pass: ${passName}`);
    applied.push(passName);
    changed = pass(changed);
    checkProgram(changed);
  }
  const runner = oneIn(4) ? draw(backends) : (["interpreter", oracle] as const);
  count(tally, `some passes: ${runner[0]}`);
  lookAfter(lowerProgram(changed).routine, changed, [runner], `after ${applied.join(", ")}`);

  const plainly = optimize(program);
  const best = oneIn(4) ? eliminateDeadCode(fuseAnyRows(plainly)) : plainly;
  checkProgram(best);
  const { routine } = lowerProgram(best);
  const chosen = [draw(wasm), draw(javascript)];
  if (oneIn(4)) chosen.push(["interpreter", oracle]);
  for (const [backendName] of chosen) count(tally, `optimised: ${backendName}`);
  lookAfter(routine, best, chosen, "optimised");

  if (oneIn(6) && wasmFeatures().relaxed) {
    count(tally, "optimised: WebAssembly, relaxed");
    lookNear("optimised, relaxed", "relaxed", run(routine, best, relaxed, ins));
  }
  if (oneIn(8)) {
    count(tally, "operation by operation");
    lookNear("operation by operation", "operation by operation", g(...at)); // whose loops are optimised
  }
  if (oneIn(12)) {
    count(tally, "without the compiler");
    expectSame(`${name}, without the compiler`, evalProgram(program, ins, evaluateAlone), expected, program);
  }
  if (oneIn(10)) {
    count(tally, "jitted, over and over");
    expectChain(f, given.point, oneIn(2));
  }
  if (oneIn(16)) expectMathematics(recipe, f, given, tally);
  if (oneIn(16)) {
    count(tally, "printed");
    expectPrintedProgram(program);
  }
}

const points = new Map<string, ReturnType<typeof pointOf>>();

/** A point, directions and a batch for functions of a recipe. They depend on its shapes only. */
export function givenOf(recipe: Recipe): Given {
  const { dims, dtype } = recipe;
  const known = (seed: number): ReturnType<typeof pointOf> => {
    const key = `${dims.rows} ${dims.columns} ${dtype} ${seed}`;
    const point = points.get(key) ?? pointOf(recipe, seed);
    points.set(key, point);
    return point;
  };
  const [point, tangents, cotangents] = [known(0), known(1), known(2)];
  return {
    point,
    tangents,
    cotangents,
    get batch() {
      return point.map((x) => d.stack([x, x.mul(0.9), x.mul(1.05)]));
    },
  };
}

/** Applies a jitted function to its own results, which stay in kernel memory or reuse the memory of their arguments. */
function expectChain(f: Function, point: readonly Tensor[], donates: boolean): void {
  const { program, captured } = traced(f, point);
  if (program.outs.some((v, i) => v.type.weak !== point[i]!.type.weak)) return;
  const best = optimize(program);
  const { routine } = lowerProgram(best);
  const jittedF = jit((...xs: Tensor[]) => f(...xs), donates ? { donate: [0, 1, 2] } : {});
  let expected: readonly Tensor[] = point;
  let got: readonly Tensor[] = point.map((x) => d.tensor(x.data().slice(), { shape: x.shape }));
  const kept: { readonly outs: readonly Tensor[]; readonly expected: readonly Tensor[] }[] = [];
  for (let step = 1; step <= 3; step++) {
    expected = run(routine, best, oracle, [...captured, ...expected], 1);
    got = jittedF(...got);
    if (!donates) kept.push({ outs: got, expected });
    expectSame(`step ${step} of a jitted chain`, got, expected, program);
  }
  // retained results are not changed by later steps
  for (const [step, { outs, expected: then }] of kept.entries())
    expectSame(`what step ${step + 1} of a jitted chain gave, later`, outs, then, program);
}

/** Checks the mathematics of the transforms of a trial; compiles no optimised program. */
export function expectDerivatives({ recipe }: Trial): void {
  expectMathematics(recipe, functionOf(recipe), givenOf(recipe), new Map());
}

const seriesOrder = 2;

/** Checks that Taylor coefficients are those of repeated forward mode. */
function expectSeries(f: Function, given: Given): void {
  const [point, tangents] = [[...given.point], [...given.tangents]];
  const stacks = d.taylor((xs: readonly Tensor[]) => f(...xs), { order: seriesOrder })(point, tangents);
  let [g, factorial] = [f, 1];
  for (let k = 0; k <= seriesOrder; k++) {
    factorial *= Math.max(k, 1);
    for (const [i, y] of g(...point).entries()) {
      const [want, have] = [y.mul(1 / factorial).data(), stacks[i]!.at(k).data()];
      const scale = Math.max(1, ...[...want].filter(Number.isFinite).map(Math.abs));
      const at = [...want].findIndex((x, j) => !(Math.abs(x - have[j]!) <= 1e-7 * scale) && !Object.is(x, have[j])); // prettier-ignore
      if (at >= 0)
        throw new Error(`Taylor coefficient ${k} of result ${i} [${at}] is ${have[at]}, not ${want[at]}`);
    }
    g = push(g, given);
  }
}

/**
 * Checks that derivatives of both modes are consistent, that Taylor coefficients are repeated derivatives, and that a
 * batch equals its items.
 */
function expectMathematics(recipe: Recipe, f: Function, given: Given, tally: Tally): void {
  if (isLarge(recipe.dims)) return;
  count(tally, "mathematics: batches");
  const { point, tangents, cotangents, batch } = given;
  const together = batched(f)(...batch);
  for (let i = 0; i < 3; i++) {
    const item = batch.map((x) => x.at(i));
    const { program, captured } = traced(f, item);
    const { routine } = lowerProgram(program);
    const ins = [...captured, ...item];
    const near = expectNear(routine, program, ins, run(routine, program, oracle, ins, 1));
    near(
      `item ${i} of a batch`,
      "an item of a batch",
      together.map((x) => x.at(i)),
      tally,
    );
  }
  if (recipe.dtype === "float32" || !isFine(recipe)) return;
  count(tally, "mathematics: series");
  expectSeries(f, given);
  if (!isReversible(recipe)) return;
  count(tally, "mathematics: modes");
  const products = (xs: readonly Tensor[], ys: readonly Tensor[]): number[] =>
    xs.flatMap((x, i) => Array.from(x.mul(ys[i]!).data()));
  const forward = products(cotangents, jitted(push(f, given))(...point));
  const reverse = products(jitted(pull(f, given))(...point), tangents);
  const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  const scale = Math.max(1, ...[...forward, ...reverse].map(Math.abs));
  const gap = Math.abs(total(forward) - total(reverse));
  const areNaN = Number.isNaN(total(forward)) && Number.isNaN(total(reverse)); // beyond the range of floating numbers
  if (!areNaN && !(gap <= 1e-9 * scale * Math.sqrt(forward.length)))
    throw new Error(`forward mode gives ${total(forward)}, reverse mode ${total(reverse)}`);
}
