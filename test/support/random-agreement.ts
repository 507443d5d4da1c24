// What random programs are put through: a transform, passes, and everything that can run the outcome. All ways of computing
// one program must give the bits that the interpreter gives for it: as it was traced, or as passes made it where they sum
// in another order, which may change no more than last bits.
import fc from "fast-check";
import type { Program } from "downhill";
import * as d from "downhill";
import { checkProgram, jit, jvp, linearize, printProgram, Tensor, vjp, vmap } from "downhill";
import { interpBackend } from "../../src/backends/interp/index.ts";
import { jsBackend, makeJsBackend } from "../../src/backends/js/index.ts";
import type { WasmOptions } from "../../src/backends/wasm/index.ts";
import { makeWasmBackend, wasmFeatures } from "../../src/backends/wasm/index.ts";
import { scalarTypeOf } from "../../src/ir/types.ts";
import type { Backend, Slot } from "../../src/kernel/executable.ts";
import { makeArray } from "../../src/kernel/executable.ts";
import type { Routine } from "../../src/kernel/scalar.ts";
import { lowerProgram } from "../../src/passes/lower.ts";
import { optimize, pipeline } from "../../src/passes/pipeline.ts";
import { traceProgram } from "../../src/trace/staging.ts";
import type { Recipe } from "./random-programs.ts";
import type { Dims } from "./random-rules.ts";
import { functionOf, isFine, isSmooth, largeDims, pointOf, recipes, smallDims } from "./random-programs.ts";
import { seeded } from "./sampling.ts";

/** A program and the number that everything else about its trial is drawn by. */
export interface Trial {
  readonly recipe: Recipe;
  readonly way: number;
}

type Function = (...xs: Tensor[]) => Tensor[];

/** The settings of the WebAssembly backend that change no bit. */
const settings: readonly WasmOptions[] = [
  {},
  { loadConstants: true, manyRegisters: true },
  { loadConstants: false, manyRegisters: false },
  { wide: true, manyRegisters: true, loadConstants: true },
  { wide: true },
  { limit: 200 },
  { limit: 20, chunkWork: 2048 },
  { chunkWork: 256 },
  { simd: false },
  { simd: false, limit: 100, chunkWork: 1024 },
  { threads: 2, chunkWork: 512 },
];
const wasm = settings.map(
  (one) => [`WebAssembly ${JSON.stringify(one)}`, makeWasmBackend({ relaxed: false, ...one })] as const,
);
const relaxed = makeWasmBackend({ relaxed: true });
const javascript = [
  ["JavaScript", jsBackend],
  ["JavaScript in parts", makeJsBackend(100)],
] as const;
const backends: readonly (readonly [name: string, backend: Backend])[] = [...javascript, ...wasm];

interface Transformed {
  readonly g: Function;
  readonly point: readonly Tensor[];
}

/** A transform of a function of a recipe; `given` has a point, a direction, and cotangents. */
type Transform = (f: Function, given: Given) => Transformed;

interface Given {
  readonly point: readonly Tensor[];
  readonly tangents: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
  /** Three points, stacked. */
  readonly batch: readonly Tensor[];
}

const push =
  (f: Function, { tangents }: Given): Function =>
  (...xs) =>
    jvp(f, xs, tangents)[1];
const pull =
  (f: Function, { cotangents }: Given): Function =>
  (...xs) =>
    vjp(f, ...xs)[1](cotangents);
const batched =
  (f: Function): Function =>
  (...xs) =>
    vmap((...items: Tensor[]) => f(...items))(...xs);
const jitted = (f: Function): Function => jit((...xs: Tensor[]) => f(...xs));
const ofBatch = (given: Given): Given => ({
  ...given,
  point: given.batch,
  tangents: given.tangents.map((x) => d.stack([x, x.mul(0.5), x.mul(-1.5)])),
  cotangents: given.cotangents.map((x) => d.stack([x, x.mul(-0.5), x.mul(2)])),
});

const transforms: Readonly<Record<string, Transform>> = {
  "as it is": (f, { point }) => ({ g: f, point }),
  jvp: (f, given) => ({ g: push(f, given), point: given.point }),
  vjp: (f, given) => ({ g: pull(f, given), point: given.point }),
  vmap: (f, { batch }) => ({ g: batched(f), point: batch }),
  "jvp of vjp": (f, given) => ({ g: push(pull(f, given), given), point: given.point }),
  "vjp of jvp": (f, given) => ({ g: pull(push(f, given), given), point: given.point }),
  "vjp of vjp": (f, given) => ({ g: pull(pull(f, given), given), point: given.point }),
  "jvp of jvp": (f, given) => ({ g: push(push(f, given), given), point: given.point }),
  "vmap of vjp": (f, given) => ({ g: batched(pull(f, given)), point: given.batch }),
  "vmap of jvp": (f, given) => ({ g: batched(push(f, given)), point: given.batch }),
  "vjp of vmap": (f, given) => ({ g: pull(batched(f), ofBatch(given)), point: given.batch }),
  "jvp of vmap": (f, given) => ({ g: push(batched(f), ofBatch(given)), point: given.batch }),
  linearize: (f, { point, tangents }) => ({
    g: (...xs) => linearize(f, ...xs)[1](...tangents),
    point,
  }),
  "vjp of jit": (f, given) => ({ g: pull(jitted(f), given), point: given.point }),
  "vmap of jit of vjp": (f, given) => ({ g: batched(jitted(pull(f, given))), point: given.batch }),
  "vjp of checkpoint": (f, given) => ({
    g: pull((...xs) => d.checkpoint((...ys: Tensor[]) => f(...ys))(...xs), given),
    point: given.point,
  }),
};
/** First ones twice as often as those of second order, whose programs are longer. */
const isTwice = (name: string): boolean => / of [vj]/.test(name);
const transformNames = Object.keys(transforms).flatMap((name) => (isTwice(name) ? [name] : [name, name]));
const mostRulesTwice = 2;

/** Elements beyond which second derivatives and batches would make a trial too long. */
const smallSize = 2000;
const isLarge = ({ rows, columns }: Dims): boolean => rows * columns > smallSize;
const ofLarge = ["as it is", "jvp", "vjp"];

/** Trials over small shapes, and some over large ones. */
export function trials(): fc.Arbitrary<Trial> {
  const among = (dims: readonly Dims[]): fc.Arbitrary<Trial> =>
    fc.record({ recipe: recipes(dims), way: fc.noShrink(fc.noBias(fc.nat(0x7fffffff))) });
  return fc.oneof({ weight: 40, arbitrary: among(smallDims) }, { weight: 1, arbitrary: among(largeDims) });
}

/** How often each part of the trials was taken. */
export type Tally = Map<string, number>;

const count = (tally: Tally, what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

/** Runs a routine twice and gives the results of the second time: nothing of the first may be left over. */
function runTwice(
  routine: Routine,
  program: Program,
  backend: Backend,
  ins: readonly Tensor[],
): readonly Tensor[] {
  const compiled = backend.compile(routine);
  let slots: Slot[] = [];
  for (let time = 0; time < 2; time++) {
    slots = program.outs.map(({ type: { shape, dtype } }): Slot => {
      const n = shape.reduce((a, b) => a * b, 1);
      return shape.length === 0 ? 0 : { array: makeArray(scalarTypeOf(dtype), n + 1), offset: 1 };
    });
    compiled(
      ins.map((x) => x.slot!),
      slots,
    );
  }
  compiled.release?.();
  return program.outs.map((v, i) => new Tensor(v.type, slots[i], undefined));
}

/** Compares two computations of the same results, bit for bit. */
function expectSame(
  way: string,
  got: readonly Tensor[],
  expected: readonly Tensor[],
  program: Program,
): void {
  expected.forEach((x, k) => {
    const [want, have] = [x.data(), got[k]!.data()];
    let i = 0;
    while (i < want.length && Object.is(want[i], have[i])) i++;
    if (i === want.length && have.length === want.length) return;
    throw new Error(`${way}: result ${k} [${i}] is ${have[i]}, not ${want[i]}\n${printProgram(program)}`);
  });
}

/** Where products may be rounded once, a few last bits of numbers of the size of 1 differ, which later steps may blow up. */
function expectClose(
  way: string,
  got: readonly Tensor[],
  expected: readonly Tensor[],
  program: Program,
): void {
  expected.forEach((x, k) => {
    const have = got[k]!.data();
    const want = x.data();
    const tolerance =
      (x.dtype === "float32" ? 2 ** -11 : 2 ** -36) *
      Math.max(1, ...want.filter(Number.isFinite).map(Math.abs));
    const i = want.findIndex(
      (value, j) => !Object.is(value, have[j]) && !(Math.abs(value - have[j]!) <= tolerance),
    );
    if (i >= 0)
      throw new Error(`${way}: result ${k} [${i}] is ${have[i]}, not ${want[i]}\n${printProgram(program)}`);
  });
}

/** Whether two computations of the same results have the same bits. */
function areSame(got: readonly Tensor[], expected: readonly Tensor[]): boolean {
  return expected.every((x, k) => {
    const [want, have] = [x.data(), got[k]!.data()];
    let i = 0;
    while (i < want.length && Object.is(want[i], have[i])) i++;
    return i === want.length && have.length === want.length;
  });
}

/**
 * Draws a way through passes, backends and transforms, and throws where results differ. Under
 * `configure({ reproducible: true })`.
 */
export function expectAgreement({ recipe, way }: Trial, tally: Tally = new Map()): void {
  const random = seeded(way);
  const draw = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const oneIn = (n: number): boolean => random() < 1 / n;
  const name = draw(isLarge(recipe.dims) ? ofLarge : transformNames);
  // those of second order make long programs of short ones
  const f = functionOf(isTwice(name) ? { ...recipe, list: recipe.list.slice(0, mostRulesTwice) } : recipe);
  const [point, tangents, cotangents] = [pointOf(recipe), pointOf(recipe, 1), pointOf(recipe, 2)];
  const batch = point.map((x) => d.stack([x, x.mul(0.9), x.mul(1.05)]));
  const given: Given = { point, tangents, cotangents, batch };
  count(tally, `transform: ${name}`);
  const { g, point: at } = transforms[name]!(f, given);
  const { program, captured } = traceProgram(
    "f",
    at.map((x) => x.type),
    g,
  );
  checkProgram(program);
  const ins = [...captured, ...at];
  const plain = lowerProgram(program).routine;
  const expected = runTwice(plain, program, interpBackend, ins);
  const look = (what: string, outs: readonly Tensor[]): void =>
    expectSame(`${name}, ${what}`, outs, expected, program);
  // passes may sum in another order: then the interpreter tells what is right for what they made
  const isContinuous = isSmooth(recipe);
  const lookNear = (what: string, outs: readonly Tensor[]): void => {
    if (areSame(outs, expected)) return;
    count(tally, "rounded in another order");
    if (isContinuous) expectClose(`${name}, ${what}`, outs, expected, program);
  };
  const lookAfter = (what: string, made: Routine, by: Program, backend: Backend): void => {
    const outs = runTwice(made, by, backend, ins);
    if (areSame(outs, expected)) return;
    const own = backend === interpBackend ? outs : runTwice(made, by, interpBackend, ins);
    expectSame(`${name}, ${what}`, outs, own, by);
    lookNear(what, own);
  };

  if (oneIn(4)) {
    const [backendName, backend] = draw(backends);
    count(tally, `unoptimised: ${backendName}`);
    look(`${backendName}, as it is`, runTwice(plain, program, backend, ins));
  }

  let changed = program;
  const applied: string[] = [];
  for (let n = oneIn(2) ? 1 : 1 + Math.floor(random() * 5); n > 0; n--) {
    const [passName, pass] = draw(pipeline);
    count(tally, `pass: ${passName}`);
    applied.push(passName);
    changed = pass(changed);
    checkProgram(changed);
  }
  const byPasses = lowerProgram(changed).routine;
  const runner = oneIn(2) ? (["interpreter", interpBackend] as const) : draw(backends);
  count(tally, `some passes: ${runner[0]}`);
  lookAfter(`after ${applied.join(", ")}, ${runner[0]}`, byPasses, changed, runner[1]);

  const best = optimize(program);
  checkProgram(best);
  const { routine } = lowerProgram(best);
  const chosen: (readonly [string, Backend])[] = [draw(wasm)];
  if (oneIn(2)) chosen.push(draw(javascript));
  if (oneIn(4)) chosen.push(["interpreter", interpBackend]);
  for (const [backendName, backend] of chosen) {
    count(tally, `optimised: ${backendName}`);
    lookAfter(`${backendName}, optimised`, routine, best, backend);
  }

  if (oneIn(6) && wasmFeatures().relaxed && isSmooth(recipe)) {
    count(tally, "optimised: WebAssembly, relaxed");
    expectClose("relaxed", runTwice(routine, best, relaxed, ins), expected, program);
  }
  if (oneIn(8)) {
    count(tally, "operation by operation");
    lookNear("operation by operation", g(...at)); // whose loops are optimised
  }
  if (oneIn(10)) {
    count(tally, "jitted, over and over");
    expectChain(f, point, oneIn(2));
  }
  if (oneIn(12)) expectMathematics(recipe, f, given, tally);
}

/** A jitted function of its own results, which rest in the memory of kernels or take that of their arguments. */
function expectChain(f: Function, point: readonly Tensor[], donates: boolean): void {
  const { program, captured } = traceProgram(
    "f",
    point.map((x) => x.type),
    f,
  );
  if (program.outs.some((v, i) => v.type.weak !== point[i]!.type.weak)) return;
  const best = optimize(program);
  const { routine } = lowerProgram(best);
  const run = jit((...xs: Tensor[]) => f(...xs), donates ? { donate: [0, 1, 2] } : {});
  let expected: readonly Tensor[] = point;
  let got: readonly Tensor[] = point.map((x) => d.tensor(x.data().slice(), { shape: x.shape }));
  const kept: (readonly Tensor[])[] = [];
  for (let step = 1; step <= 3; step++) {
    expected = runTwice(routine, best, interpBackend, [...captured, ...expected]);
    got = run(...got);
    if (!donates) kept.push(got);
    expectSame(`step ${step} of a jitted chain`, got, expected, program);
  }
  // what is kept is not changed by later steps
  let again: readonly Tensor[] = point;
  for (const [step, outs] of kept.entries()) {
    again = runTwice(routine, best, interpBackend, [...captured, ...again]);
    expectSame(`what step ${step + 1} of a jitted chain gave, later`, outs, again, program);
  }
}

/** Derivatives of both modes belong together, and a batch has what its items have. */
function expectMathematics(recipe: Recipe, f: Function, given: Given, tally: Tally): void {
  if (recipe.dtype === "float32" || !isFine(recipe) || isLarge(recipe.dims)) return;
  const { point, tangents, cotangents, batch } = given;
  count(tally, "mathematics");
  const products = (xs: readonly Tensor[], ys: readonly Tensor[]): number[] =>
    xs.flatMap((x, i) => Array.from(x.mul(ys[i]!).data()));
  const forward = products(cotangents, jitted(push(f, given))(...point));
  const reverse = products(jitted(pull(f, given))(...point), tangents);
  const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  const scale = Math.max(1, ...[...forward, ...reverse].map(Math.abs));
  const gap = Math.abs(total(forward) - total(reverse));
  const areNaN = Number.isNaN(total(forward)) && Number.isNaN(total(reverse)); // beyond what floating numbers hold
  if (!areNaN && !(gap <= 1e-9 * scale * Math.sqrt(forward.length)))
    throw new Error(`forward mode gives ${total(forward)}, reverse mode ${total(reverse)}`);
  if (!isSmooth(recipe)) return;
  const together = batched(f)(...batch);
  for (let i = 0; i < 3; i++) {
    f(...batch.map((x) => x.at(i))).forEach((x, k) => {
      const got = together[k]!.at(i).data();
      x.data().forEach((value, j) => {
        if (!Object.is(value, got[j]) && !(Math.abs(value - got[j]!) <= 1e-9 * Math.max(1, Math.abs(value))))
          throw new Error(`item ${i} of a batch, result ${k} [${j}] is ${got[j]}, not ${value}`);
      });
    });
  }
}
