import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, Scratch } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { centredOf, normalQuantile32, normalQuantile64 } from "../kernel/math/normal-quantile.ts";
import {
  binomialProcedure,
  gammaProcedure,
  keyLocals,
  setKey,
  vonMisesProcedure,
} from "../kernel/math/rejection.ts";
import { chainStep, poissonVariate } from "../kernel/math/poisson.ts";
import type { WordPair } from "../kernel/math/threefry.ts";
import { ofBlock, u32, unitOf, wordOf } from "../kernel/math/threefry.ts";
import type { Expr, Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { div, less, maximum, mul } from "./arithmetic.ts";
import { batchAlong } from "./index-ops.ts";
import { add, full, neg, sub, where } from "./linear.ts";
import { digamma, gammaDensity, gammaincByShape } from "./special.ts";
import { exp, log } from "./transcendental.ts";
import { flatIndex, loopEach, loopOver, plus } from "./reduce-loops.ts";

/** Selects one of the two words of a Threefry block. */
export type ThreefryWord = "first" | "second";

interface ThreefryParams {
  readonly word: ThreefryWord;
  /** Number of leading axes that keys and counters have in common. */
  readonly lead: number;
}

/** Cached procedures by name. */
const made = /* @__PURE__ */ new Map<string, Procedure>();

function procedureOf(name: string, make: () => Procedure): Procedure {
  let procedure = made.get(name);
  if (procedure === undefined) made.set(name, (procedure = make()));
  return procedure;
}

function ofBlockNamed(name: string, result: (words: WordPair) => Expr): Procedure {
  return procedureOf(name, () => ofBlock(name, (_, words) => result(words)));
}

/** Throws unless `key` is one key, or an array of keys with one key per item of the leading axes. */
function checkKey(name: string, key: ArrayType, lead: Shape): void {
  if (key.dtype === "uint32" && sameShape(key.shape, [...lead, 2])) return;
  throw new DownhillError(
    "dtype",
    `${name}: a key is two words, ${showType(arrayType("uint32", [...lead, 2]))}; got ${showType(key)}. Make a key with key(seed).`,
  );
}

const threefryPrim: Primitive<ThreefryParams> = /* @__PURE__ */ builtIn<ThreefryParams>({
  name: "threefry",
  typeOf([key, counters], { lead }) {
    checkKey("threefry", key!, counters!.shape.slice(0, lead));
    if (counters!.dtype === "uint32") return [counters!];
    throw new DownhillError("dtype", `threefry: counters are uint32; got ${showType(counters!)}.`);
  },
  derivative: { kind: "constant" },
  batch: (ins, batched, size, { word, lead }) => {
    const [key, counters] = ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size)));
    return { outs: [threefry(key!, counters!, word, lead + 1)], batched: [true] };
  },
  lowering: {
    kind: "map",
    element(at, index, { word, lead }) {
      const half = keyReader(at, index.slice(0, lead));
      return k.call(
        ofBlockNamed(`threefry_${word}`, (words) => words[word]),
        half(0),
        half(1),
        at(1, index),
      );
    },
  },
});

/** One word of the Threefry block (0, counter) under a key, for each counter. */
export function threefry(key: Tensor, counters: Tensor, word: ThreefryWord, lead = 0): Tensor {
  return bind1(threefryPrim, [key, counters], { word, lead });
}

/** Reads the two words of an item's key. */
function keyReader(
  at: (operand: number, index: readonly Expr[]) => Expr,
  item: readonly Expr[],
): (word: number) => Expr {
  return (word) => at(0, [...item, k.i32(word)]);
}

/**
 * Parameters of a random draw. Its operands are one key per item of the `lead` leading axes, followed by the
 * distribution parameters of each element, if any.
 */
interface DrawParams {
  readonly dtype: DType;
  /** Shape of the result without the leading axes. */
  readonly shape: Shape;
  readonly lead: number;
}

/** Definition of a random draw. */
interface DrawRecord {
  readonly name: string;
  /** Number of distribution parameters per element. */
  readonly parameters?: number;
  /** Dtype of the distribution parameters. */
  parameterType?(dtype: DType): DType;
  readonly lowering: Primitive<DrawParams>["lowering"];
  readonly derivative?: Primitive<DrawParams>["derivative"];
}

/** Lowering by a procedure of the key, the element's row-major position, and its distribution parameters. */
function byElement(procedure: (dtype: DType) => Procedure): Primitive<DrawParams>["lowering"] {
  return {
    kind: "map",
    element(at, index, { dtype, shape, lead }, ins) {
      const half = keyReader(at, index.slice(0, lead));
      const place = flatIndex(index.slice(lead), stridesOf(shape));
      const counter = shape.length === 0 ? u32(0) : k.convert("u32", place);
      const own = ins.slice(1).map((_, i) => at(i + 1, index));
      return k.call(procedure(dtype), half(0), half(1), counter, ...own);
    },
  };
}

/** Defines a primitive that draws each element from the Threefry block of its position. */
function defineDraw(record: DrawRecord): Primitive<DrawParams> {
  const {
    name,
    parameters = 0,
    parameterType = (dtype) => dtype,
    derivative = { kind: "constant" },
  } = record;
  const prim: Primitive<DrawParams> = builtIn<DrawParams>({
    name,
    typeOf([key, ...given], { dtype, shape, lead }) {
      const items = key!.shape.slice(0, lead);
      checkKey(name, key!, items);
      const expected = arrayType(parameterType(dtype), [...items, ...shape]);
      const odd = given.find((x) => x.dtype !== expected.dtype || !sameShape(x.shape, expected.shape));
      if (odd !== undefined || given.length !== parameters) {
        throw new DownhillError(
          "shape",
          `${name}: takes ${parameters} parameters ${showType(expected)}; got ${given.map(showType).join(", ")}.`,
        );
      }
      return [arrayType(dtype, [...items, ...shape])];
    },
    derivative,
    batch(ins, batched, size, params) {
      const all = ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size)));
      return { outs: [bind1(prim, all, { ...params, lead: params.lead + 1 })], batched: [true] };
    },
    lowering: record.lowering,
  });
  return prim;
}

const bitsPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomBits",
  lowering: /* @__PURE__ */ byElement(() => ofBlockNamed("randomBits", wordOf)),
});

const unitPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomUnit",
  lowering: /* @__PURE__ */ byElement((dtype) =>
    ofBlockNamed(`randomUnit_${dtype}`, (words) => unitOf(floatOf(dtype), words)),
  ),
});

const normalPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomNormal",
  lowering: /* @__PURE__ */ byElement((dtype) => {
    const type = floatOf(dtype);
    const quantile = type === "f32" ? normalQuantile32 : normalQuantile64;
    return ofBlockNamed(`randomNormal_${dtype}`, (words) => k.call(quantile, centredOf(type, words)));
  }),
});

/** Logarithm of a variate below which P(a, x) equals xᵃ / Γ(a + 1) to the last bit of float64. */
const logOfSmall = -40;

/**
 * Derivative with respect to `a` of the logarithm of a gamma variate, by the implicit function theorem for P(a, x) =
 * const: `−∂P(a, x)/∂a / (x p(a, x))`. Near 0, where x may underflow, it is the derivative for `xᵃ / Γ(a + 1) = const`.
 *
 * @see Figurnov, Mohamed, Mnih, Implicit reparameterization gradients, NeurIPS 2018.
 */
function logGammaSlope(a: Tensor, logOfVariate: Tensor): Tensor {
  const least = full(a.type, logOfSmall);
  const x = exp(maximum(logOfVariate, least));
  const inside = neg(div(gammaincByShape(1, a, x), mul(x, gammaDensity(a, x))));
  const small = div(sub(digamma(add(a, full(a.type, 1))), logOfVariate), a);
  return where(less(logOfVariate, least), small, inside);
}

const gammaPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomGamma",
  parameters: 1,
  derivative: {
    kind: "smooth",
    jvp: ([, da], [, a], [out]) => [da && mul(da, mul(out!, logGammaSlope(a!, log(out!))))],
  },
  lowering: /* @__PURE__ */ byElement((dtype) =>
    procedureOf(`gamma_${dtype}`, () => gammaProcedure(floatOf(dtype), false)),
  ),
});

const logGammaPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomLogGamma",
  parameters: 1,
  derivative: { kind: "smooth", jvp: ([, da], [, a], [out]) => [da && mul(da, logGammaSlope(a!, out!))] },
  lowering: /* @__PURE__ */ byElement((dtype) =>
    procedureOf(`logGamma_${dtype}`, () => gammaProcedure(floatOf(dtype), true)),
  ),
});

const poissonPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomPoisson",
  parameters: 1,
  parameterType: () => "float64",
  lowering: { kind: "loops", scratch: chainScratch, emit: emitPoisson },
});

const binomialPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomBinomial",
  parameters: 2,
  parameterType: () => "float64",
  lowering: /* @__PURE__ */ byElement(() => binomialProcedure),
});

/**
 * Number of steps along the chain of keys, which all elements share, that are computed once for `n` elements. Few
 * variates need more steps, and few elements do not repay more.
 */
function chainLength(n: number): number {
  return Math.min(32, 2 * Math.floor(n / 8));
}

/** Keys of the first steps along the chain: two words each for the first and the second draw of a step. */
function chainScratch({ shape }: DrawParams): readonly Scratch[] {
  const length = chainLength(sizeOf(shape));
  return length === 0 ? [] : [{ name: "chain", type: arrayType("uint32", [4 * length]) }];
}

/** Writes one Poisson variate for each rate. */
function emitPoisson(context: LowerContext, { shape, lead }: DrawParams): void {
  const { block, fresh, ins, outs, scratch } = context;
  const [key, rate, out, chain] = [ins[0]!, ins[1]!, outs[0]!, scratch[0]];
  const n = sizeOf(shape);
  const length = chainLength(n);
  const items = out.type.shape.slice(0, lead);
  loopOver(block, items, fresh, (row, index) => {
    const item = flatIndex(index, stridesOf(items));
    const half = (word: number): Expr => key.read(plus(k.mul(item, k.i32(2)), k.i32(word)));
    const next = keyLocals(row, fresh("next"), { first: half(0), second: half(1) });
    if (chain !== undefined)
      row.for(fresh("step"), k.i32(0), k.i32(length), (each, step) => {
        const { u, v, later } = chainStep(each, fresh, next);
        [u.first, u.second, v.first, v.second].forEach((word, i) =>
          chain.write(each, plus(k.mul(step, k.i32(4)), k.i32(i)), word),
        );
        setKey(each, next, later);
      });
    loopEach(row, [n], fresh, (each, [i]) => {
      const place = plus(k.mul(item, k.i32(n)), i!);
      const counter = k.convert("u32", i!);
      const own = { counter, rate: each.let(fresh("rate"), rate.read(place)), length, next };
      const word = (j: Expr): Expr => chain!.read(j);
      out.write(each, place, poissonVariate(each, fresh, own, word));
    });
  });
}

function floatOf(dtype: DType): "f32" | "f64" {
  return dtype === "float32" ? "f32" : "f64";
}

const vonMisesPrim: Primitive<DrawParams> = /* @__PURE__ */ defineDraw({
  name: "randomVonMises",
  parameters: 1,
  lowering: /* @__PURE__ */ byElement(() => vonMisesProcedure),
});

/** Angles around 0 from the von Mises distribution, one for each concentration, as float64. */
export function randomVonMises(key: Tensor, concentration: Tensor): Tensor {
  const { shape } = concentration;
  return bind1(vonMisesPrim, [key, concentration], { dtype: "float64", shape, lead: 0 });
}

/** Random 32-bit words of this shape. */
export function randomBits(key: Tensor, shape: Shape): Tensor {
  return bind1(bitsPrim, [key], { dtype: "uint32", shape, lead: 0 });
}

/** Uniform numbers in [0, 1), from 23 random bits in float32 and 52 in float64. */
export function randomUnit(key: Tensor, shape: Shape, dtype: DType): Tensor {
  return bind1(unitPrim, [key], { dtype, shape, lead: 0 });
}

/** Standard normal numbers. */
export function randomNormal(key: Tensor, shape: Shape, dtype: DType): Tensor {
  return bind1(normalPrim, [key], { dtype, shape, lead: 0 });
}

/** Gamma variates of scale 1, one for each shape parameter in `a`. */
export function randomGamma(key: Tensor, a: Tensor): Tensor {
  return bind1(gammaPrim, [key, a], { dtype: a.dtype, shape: a.shape, lead: 0 });
}

/** Logarithms of gamma variates of scale 1, one for each shape parameter in `a`. */
export function randomLogGamma(key: Tensor, a: Tensor): Tensor {
  return bind1(logGammaPrim, [key, a], { dtype: a.dtype, shape: a.shape, lead: 0 });
}

/** Poisson variates as int32, one for each rate (float64). */
export function randomPoisson(key: Tensor, rate: Tensor): Tensor {
  return bind1(poissonPrim, [key, rate], { dtype: "int32", shape: rate.shape, lead: 0 });
}

/** Binomial variates as int32, one for each pair of a number of trials and a probability (float64). */
export function randomBinomial(key: Tensor, n: Tensor, p: Tensor): Tensor {
  return bind1(binomialPrim, [key, n, p], { dtype: "int32", shape: n.shape, lead: 0 });
}

interface PermutationParams {
  readonly n: number;
  readonly lead: number;
}

const permutationPrim: Primitive<PermutationParams> = /* @__PURE__ */ builtIn<PermutationParams>({
  name: "randomPermutation",
  typeOf([key], { n, lead }) {
    const items = key!.shape.slice(0, lead);
    checkKey("randomPermutation", key!, items);
    return [arrayType("int32", [...items, n])];
  },
  derivative: { kind: "constant" },
  batch: (ins, _, __, { n, lead }) => ({
    outs: [bind1(permutationPrim, ins, { n, lead: lead + 1 })],
    batched: [true],
  }),
  lowering: { kind: "loops", emit: emitPermutation },
});

/**
 * Fisher–Yates shuffle. Each random integer up to i consists of the upper bits of the next word of `randomBits`. It has
 * the same number of bits as i, and integers beyond i are rejected, so that all others are equally likely.
 */
function emitPermutation({ block, fresh, ins, outs }: LowerContext, { n, lead }: PermutationParams): void {
  const [key, out] = [ins[0]!, outs[0]!];
  if (n === 0) return;
  const items = out.type.shape.slice(0, lead);
  loopOver(block, items, fresh, (row, index) => {
    const item = flatIndex(index, stridesOf(items));
    const half = (word: number): Expr =>
      row.let(fresh("key"), key.read(plus(k.mul(item, k.i32(2)), k.i32(word))));
    const [first, second] = [half(0), half(1)];
    const start = row.let(fresh("start"), k.mul(item, k.i32(n)));
    const place = (i: Expr): Expr => plus(start, i);
    row.for(fresh("i"), k.i32(0), k.i32(n), (each, i) => out.write(each, place(i), i));
    const counter = row.let(fresh("counter"), u32(0));
    const shift = row.let(fresh("shift"), u32(Math.clz32(n - 1)));
    const draw = ofBlockNamed("randomBits", wordOf);
    row.for(
      fresh("last"),
      k.i32(1),
      k.i32(n),
      (each, last) => {
        // one bit fewer below each power of two
        const isShorter = k.eq(k.shr(k.convert("u32", last), k.sub(u32(31), shift)), u32(0));
        each.if(isShorter, (then) => then.set(shift, k.add(shift, u32(1))));
        const chosen = each.let(fresh("chosen"), k.i32(n));
        each.while(k.lt(last, chosen), (again) => {
          const word = k.call(draw, first, second, counter);
          again.set(chosen, k.convert("i32", k.shr(word, shift)));
          again.set(counter, k.add(counter, u32(1)));
        });
        const moved = each.let(fresh("moved"), out.read(place(last)));
        out.write(each, place(last), out.read(place(chosen)));
        out.write(each, place(chosen), moved);
      },
      true,
    );
  });
}

/** The integers from 0 to n − 1 in random order, as int32. */
export function randomPermutation(key: Tensor, n: number): Tensor {
  return bind1(permutationPrim, [key], { n, lead: 0 });
}
