import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import type { Block } from "../kernel/build.ts";
import type { FailureLocals } from "../kernel/failure.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Program } from "./program.ts";
import type { RegionSeriesRule } from "./region-series.ts";
import type { Tensor } from "./tensor.ts";
import type { ArrayType } from "./types.ts";

/** Tangent or cotangent; `undefined` is a symbolic zero. */
export type Maybe = Tensor | undefined;

/** Elements that a slice reads: indices `from` to `to` (exclusive) along one axis, all indices along the others. */
export interface AxisInterval {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Elements of a cotangent that may be zeros left by a mask because they were not selected or not read.
 * `true`: any element; an interval: the elements outside of it, because only the interval was read; `false`: none.
 */
export type Mask = boolean | AxisInterval;

/**
 * Accumulates the cotangent of one linear operand. `add` adds a contribution. `take` hands over the sum (a zero array
 * if nothing was added) with the right to overwrite it, and `put` restores it. So the transpose of an indexed read
 * updates one element instead of a whole array. `mask` states that the contribution contains zeros of a mask; intervals
 * that together cover the array count as unmasked. Only rules that mask pass it: results of other rules inherit the
 * masks of their cotangents automatically.
 */
export interface Accumulator {
  readonly type: ArrayType;
  /** True if nothing has been added yet. */
  readonly isEmpty: boolean;
  add(ct: Tensor, mask?: Mask): void;
  take(): Tensor;
  put(ct: Tensor, mask?: Mask): void;
}

/**
 * Result of transposing a program. For each result of the transposed program, `masked` marks possible zeros of a mask,
 * and `zero` marks results that are zero for all cotangents.
 */
export interface TransposedProgram {
  readonly program: Program;
  readonly masked: readonly boolean[];
  readonly zero: readonly boolean[];
}

/** Operand under partial evaluation. Its value is available now if `known`, else only when the linear part runs. */
export interface PartialValue {
  readonly known: boolean;
  readonly value: Tensor;
}

/** Program split by partial evaluation. `known` also returns residuals, which `unknown` takes as its first inputs. */
export interface PartialProgram {
  readonly known: Program; // outs: the known outputs, then the residuals
  readonly unknown: Program; // ins: the residuals, then the unknown inputs; outs: the unknown outputs
  readonly unknownOuts: readonly boolean[];
  readonly residualCount: number;
  /** For each residual, the index of the equal program input, if any. Such a residual needs no extra storage. */
  readonly residualInputs: readonly (number | undefined)[];
}

/** Transforms that rules of structured primitives need, as arguments, so that primitives do not import them. */
export interface TransformTools {
  /**
   * Forward mode of a program. ins: primals, then the nonzero tangents; outs: primals, then the tangents that
   * `nonzeroOuts` marks. `masked` marks inputs and `maskedOuts` outputs whose tangents may contain zeros of a mask.
   */
  jvpProgram(
    program: Program,
    nonzero: readonly boolean[],
    instantiate: readonly boolean[],
    masked: readonly boolean[],
  ): {
    readonly program: Program;
    readonly nonzeroOuts: readonly boolean[];
    readonly maskedOuts: readonly boolean[];
  };
  /**
   * Splits a program by partial evaluation. `atHand` marks inputs that the later part can read anyway; values that are
   * cheap to compute from them are not saved. `isRepeated` (default true): residuals are saved for each iteration of a
   * loop.
   */
  partialEvalProgram(
    program: Program,
    unknown: readonly boolean[],
    instantiate: readonly boolean[],
    atHand?: readonly boolean[],
    isRepeated?: boolean,
  ): PartialProgram;
  /**
   * Transposes a linear program. ins: the nonlinear inputs, one cotangent per output, one accumulator per input in
   * `accumulate`; outs: the cotangent of each linear input. `masked` marks the output cotangents that may contain zeros
   * of a mask.
   */
  transposeProgram(
    program: Program,
    linear: readonly boolean[],
    accumulate: readonly boolean[],
    masked: readonly boolean[],
  ): TransposedProgram;
  /** Batches marked inputs along a new axis 0. Outputs in `instantiate` are batched even if they do not vary. */
  batchProgram(
    program: Program,
    size: number,
    batched: readonly boolean[],
    instantiate: readonly boolean[],
  ): { readonly program: Program; readonly batchedOuts: readonly boolean[] };
  /** Returns an equal program that was interned before, or else this one, because caches are keyed by program. */
  intern(program: Program): Program;
  readonly regionSeries?: RegionSeriesRule | undefined; // only if tangents are stacks of Taylor coefficients
}

/** Results of an equation, their tangents, and which tangents may contain zeros of a mask (default: all). */
export type DualResults = readonly [
  outs: readonly Tensor[],
  tangents: readonly Maybe[],
  masks?: readonly boolean[],
];

/** Functions that the partial evaluation of a structured primitive uses. */
export interface PartialTools extends TransformTools {
  /** Applies a primitive in the part of the program that is evaluated now. */
  known(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
  /** Applies a primitive in the part that runs later. Its known operands become residuals. */
  unknown(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
  /** True if the later part can read a known value without a saved copy. */
  isAtHand(x: Tensor): boolean;
  /** True if the result may be used in a loop that saves residuals for each iteration. */
  readonly isRepeated: boolean;
}

/**
 * Derivative of a primitive: a kind with exactly the rules that this kind needs. Transpose rules share a signature,
 * `transpose(cts, ins, params, into)`. For each linear operand, `ins` holds `undefined` and `into` an accumulator; a
 * rule adds nothing where `into[i]` is undefined. `masks` marks the cotangents that may contain zeros of a mask, and is
 * empty if none does. On masked cotangents a product with a known factor that may be infinite or NaN uses a strong zero
 * (see `docs/masks.md`).
 */
export type Derivative<P> =
  | {
      readonly kind: "linear";
      /** Operands in which the primitive is jointly linear. The others are held fixed and have no derivative. */
      readonly operands: "all" | readonly number[];
      /** Forward-mode rule that saves work for symbolic zeros. Default: the primitive applied to the tangents. */
      jvp?(tangents: readonly Maybe[], ins: readonly Tensor[], params: P): readonly Maybe[];
      /**
       * Condition under which the tangent of the result contains zeros of a mask (see docs/masks.md). Default: an
       * operand has no tangent. `"sum"`: a missing tangent does not count, because the primitive adds its operands.
       * `"always"`: always, because the primitive pads its operand with zeros.
       */
      readonly zeros?: "sum" | "always";
      transpose: TransposeRule<P>["transpose"];
    }
  | {
      readonly kind: "smooth";
      /** Computes the tangents of the results. `outs` are the primal results, for formulas that use them. */
      jvp(
        tangents: readonly Maybe[],
        ins: readonly Tensor[],
        outs: readonly Tensor[],
        params: P,
      ): readonly Maybe[];
      /** Transpose rule of a product, which is linear in one operand while the other is held fixed. */
      transpose?: TransposeRule<P>["transpose"];
      /** False for a primitive with a transposition rule that is neither a product nor a solution of a linear system. */
      readonly isProduct?: false;
      /** True if an operand without a tangent leaves zeros of a mask, because the primitive selects elements. */
      readonly chooses?: true;
      /**
       * For a product: the result when the floating operand number `operand` is a tangent that may contain zeros of a
       * mask, so that 0 times an infinite factor is 0. `undefined` if the primitive is not linear in that operand.
       */
      masked?(ins: readonly Tensor[], params: P, operand: number): Tensor | undefined;
      /** Parameters for the primal computation under differentiation, if it then needs another algorithm. */
      underDerivative?(params: P): P;
    }
  | { readonly kind: "constant" } // piecewise constant: the derivative is zero
  | {
      readonly kind: "structured";
      /** Forward-mode rule. `masks` marks the tangents that may contain zeros of a mask. */
      jvp(
        ins: readonly Tensor[],
        tangents: readonly Maybe[],
        params: P,
        tools: TransformTools,
        masks: readonly boolean[],
      ): DualResults;
      partialEval(ins: readonly PartialValue[], params: P, tools: PartialTools): readonly PartialValue[];
      transpose: TransposeRule<P>["transpose"];
      /**
       * Dead-code elimination rule: returns the parameters of an equation that computes only the results marked in
       * `used`. `ins` marks the operands that it still needs.
       */
      dce(
        used: readonly boolean[],
        params: P,
      ): { readonly params: P; readonly ins: readonly boolean[]; readonly outs: readonly boolean[] };
    }
  | { readonly kind: "none"; readonly reason: string };

export interface TransposeRule<P> {
  transpose(
    cts: readonly Maybe[],
    ins: readonly Maybe[],
    params: P,
    into: readonly (Accumulator | undefined)[],
    tools: TransformTools,
    masks: readonly Mask[],
  ): void;
}

/** True if the cotangent with this index may contain zeros of a mask. `masks` is the argument of a transpose rule. */
export function isMasked(masks: readonly Mask[], place = 0): boolean {
  const mask = masks[place];
  return mask !== undefined && mask !== false;
}

/** Batching rule. Operands marked in `batched` carry the batch in axis 0; so do the marked results. */
export interface BatchRule<P> {
  batch(
    ins: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    params: P,
    tools: TransformTools,
  ): { readonly outs: readonly Tensor[]; readonly batched: readonly boolean[] };
}

/** Read access to an operand in lowered code, by flat row-major index, which is ignored for scalars. */
export interface ReadView {
  readonly type: ArrayType;
  read(index: Expr): Expr;
  /**
   * Writes code that computes one element into the block, and returns the element; only for an operand that is computed
   * while it is read, in lowerings with `readsOnce`. `place` is the element's index along each axis, if the reader
   * knows it.
   */
  readonly element?: (block: Block, flat: Expr, place: readonly Expr[] | undefined) => Expr;
}

/** Write access to a result in lowered code: part of a buffer, or a local. */
export interface WriteView extends ReadView {
  readonly buffer?: string | undefined;
  readonly offset?: Expr | undefined;
  readonly local?: string | undefined;
  write(block: Block, index: Expr, value: Expr): void;
}

/** Environment of a lowering: the block to write to, and views of its operands, results and scratch arrays. */
export interface LowerContext {
  readonly block: Block;
  readonly ins: readonly ReadView[];
  readonly outs: readonly WriteView[];
  /** Scratch arrays that the lowering declared, in the same order. */
  readonly scratch: readonly WriteView[];
  /** Returns a unique local name that begins with `hint`. */
  fresh(hint: string): string;
  /**
   * Writes the declared sub-program number `program` into `block` and returns its results. `iteration` is the index
   * along the leading axis of the operands and results of which the program takes a part. `copy` selects the copy of
   * its temporaries, if it has several.
   */
  write(block: Block, program: number, iteration?: Expr, copy?: Expr): readonly ReadView[];
  /** Copies all elements, unless both views are the same memory. */
  copy(block: Block, target: WriteView, view: ReadView): void;
  /**
   * Locals by which lowered code requests that the call ends with an error. The remaining code still runs, on arbitrary
   * values, and must take no longer because of them.
   */
  readonly failure: FailureLocals<FailureReport>;
}

/** Reaction to a call that failed at a site. */
export interface FailureReport {
  /** Returns the error to throw, from the number required, the number available, and values for the message. */
  error(wanted: number, length: number, values: readonly number[]): Error;
  /** Makes programs compiled later reserve enough, if memory was too small. Returns false if impossible. */
  makeRoom?(wanted: number): boolean;
}

/** An array that a single lowering uses; it exists only while the equation is computed. */
export interface Scratch {
  readonly name: string;
  readonly type: ArrayType;
}

/** Operand or result of an equation, by index; with `isPart`, its slice for one iteration of the leading axis. */
export interface SubProgramPort {
  readonly of: "operand" | "result";
  readonly index: number;
  readonly isPart?: boolean;
}

/**
 * Program that a lowering writes into a loop or a branch. A carry is an operand whose memory is also the target of a
 * program result: the operand is a result of the equation or shares memory with one. The program may overwrite a carry,
 * and computes the result in its memory if possible.
 */
export interface SubProgram {
  readonly program: Program;
  /** Source of each input of the sub-program. */
  readonly ins: readonly SubProgramPort[];
  /** Target of each result of the sub-program; `undefined` if the caller does not care where it is stored. */
  readonly outs: readonly (SubProgramPort | undefined)[];
  /** Number of copies of the sub-program's temporaries, for iterations that may run in parallel. Default 1. */
  readonly copies?: number;
}

/** A result that may reuse the memory of an operand of equal type. Both are given by their indices. */
export interface InPlaceResult {
  readonly result: number;
  readonly operand: number;
}

/** In-place rule of primitives that update elements of their first operand: the first result may reuse its memory. */
export const firstInPlace: readonly InPlaceResult[] = [{ result: 0, operand: 0 }];

/** Blocks of `length` contiguous elements copied from an operand to a result, `count` times with fixed strides. */
export interface BlockCopy {
  readonly operand: number;
  readonly result: number;
  /** Index of the first element in the operand; `to` is the index in the result. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly count: number;
  readonly fromStep: number;
  readonly toStep: number;
}

/** Lowering of a primitive to the kernel vocabulary. */
export type Lowering<P> =
  | { readonly kind: "elementwise"; scalar(xs: readonly Expr[], params: P, ins: readonly ArrayType[]): Expr }
  | {
      /** Lowering of a single result, each of whose elements is a function of its index and of operand elements. */
      readonly kind: "map";
      element(
        at: (operand: number, index: readonly Expr[]) => Expr,
        index: readonly Expr[],
        params: P,
        ins: readonly ArrayType[],
        out: ArrayType,
      ): Expr;
      /**
       * Returns the code of the start of a range, for a result that is a contiguous range of the first operand, like a
       * row of a matrix. The code may read elements of the other operands. `undefined` if the result is no such range.
       */
      part?(
        params: P,
        ins: readonly ArrayType[],
      ): ((at: (operand: number, index: readonly Expr[]) => Expr) => Expr) | undefined;
    }
  | { readonly kind: "alias" } // the same elements in the same order, as in a reshape
  | {
      readonly kind: "loops";
      /**
       * For a primitive that reads each element of its single operand exactly once, in a loop into which the
       * computation of that operand can be fused. `place` is true if the loop knows the element's index along each
       * axis.
       */
      readsOnce?(params: P, ins: readonly ArrayType[]): { readonly place: boolean } | undefined;
      /** Results that may reuse the memory of an operand, if no other equation reads the operand afterwards. */
      inPlace?(params: P): readonly InPlaceResult[];
      /** Returns the scratch arrays that the lowering needs. */
      scratch?(params: P, ins: readonly ArrayType[]): readonly Scratch[];
      /** Returns the sub-programs that the lowering writes. */
      programs?(params: P): readonly SubProgram[];
      /** Returns parameters with the given sub-programs, which may take additional operands after the existing ones. */
      withPrograms?(programs: readonly Program[]): Partial<P>;
      emit(context: LowerContext, params: P): void;
    }
  | {
      /** Lowering by JavaScript, computed immediately. Not part of programs: `typeOf` throws while one is traced. */
      readonly kind: "host";
      run(ins: readonly Tensor[], params: P): readonly Tensor[];
    };

/** Algebraic facts for simplification. They hold for every value, including NaN and −0. */
export interface Algebra<P> {
  /** True if swapping the two operands changes no bit. */
  readonly commutes?: boolean;
  /** True if applying the primitive twice, with the same parameters, returns its operand bit for bit. */
  readonly undoesItself?: boolean;
  /** Returns the index of the operand that equals the result, given the constant operands: for x · 1, that of x. */
  identity?(
    constants: readonly (number | undefined)[],
    ins: readonly ArrayType[],
    params: P,
  ): number | undefined;
  /**
   * Value of every element of the result, if it follows from operands with known equal elements; otherwise `undefined`.
   * `constants` holds the value of the elements of each such operand.
   */
  constant?(constants: readonly (number | undefined)[], params: P): number | undefined;
}

/** Rules about axis order and index operands. */
export interface LayoutRules<P> {
  /**
   * Parameters that yield the same result from an operand whose axes have not been permuted: axis i of the permuted
   * operand is axis `order[i]` of the new one.
   */
  transposeOperand?(params: P, operand: number, order: readonly number[], ins: readonly ArrayType[]): P;
  /** Returns the parameters with which the result has its axes permuted to this order. */
  transposeResult?(params: P, order: readonly number[]): P;
  /**
   * Returns the operand whose elements are indices along an axis of size `n`: integers from −n to n − 1. Indices out of
   * range are clamped, and are an error in debug mode. `n` is ∞ if the axis does not exist yet.
   */
  places?(ins: readonly ArrayType[], params: P): { readonly operand: number; readonly n: number };
}

/**
 * Parts of a loop. Inputs of `body`: constants, carries, and one element of each array. Outputs of `body`: carries, and
 * one element of each stacked result.
 */
export interface LoopParts {
  readonly body: Program;
  /** Number of leading body inputs that are loop-invariant constants. */
  readonly consts: number;
  readonly carries: number;
  /** Number of leading operands of the equation that correspond to no input of the body. */
  readonly before: number;
  /** Number of iterations, if known beforehand. It is the leading size of the arrays. */
  readonly length: number | undefined;
}

/** Functions by which passes inspect and rewrite loops. */
export interface LoopRules<P> {
  /** Returns the parts of the loop, for a primitive that is a loop. */
  parts?(params: P): LoopParts;
  /** Returns the parameters of the loop with other parts. */
  rebuild?(params: P, parts: LoopParts): P;
  /**
   * For a primitive inside a loop body: the parameters that compute the results of all iterations at once, stacked
   * along a new first axis, or with `isSummed` their sum. `undefined` if there is no such form. Operands marked in
   * `stacked` have the iterations as a new first axis (with `isSummed`, all operands do). `ins` are the types within
   * one iteration.
   */
  atOnce?(
    params: P,
    stacked: readonly boolean[],
    ins: readonly ArrayType[],
    isSummed: boolean,
  ): P | undefined;
  /**
   * Rule that computes one row of the single result with unchanged bits, where a row is the slice at one index of the
   * first `depth` axes; `undefined` if impossible.
   */
  row?(params: P, depth: number, ins: readonly ArrayType[]): RowRule<P> | undefined;
}

/** Row-wise form of an equation: its parameters, and whether each operand is read by row. See `LoopRules.row`. */
export interface RowRule<P> {
  readonly params: P;
  readonly isRow: readonly boolean[];
}

/** Mathematical notation of an operation in printed programs. Primitives without one are written `name(…)`. */
export type Notation<P> =
  /** Operator between the operands; `right` returns the right-hand side if it is a parameter. */
  | { readonly infix: string; readonly precedence: number; right?(params: P): number }
  | { readonly prefix: string }
  /** Own notation, which binds like a product; `undefined` for parameters without notation. */
  | { write(operands: readonly string[], params: P, ins: readonly ArrayType[]): string | undefined };

/**
 * An operation as a record: everything that transforms and backends need to know about it. `P` are the parameters of
 * its equations: plain data and programs. Optional fields make programs faster or easier to read.
 */
export interface Primitive<P = unknown> {
  readonly name: string;
  /** Name of the operation in the public interface, for error messages, if it differs from `name`. */
  readonly asked?: string;
  /** Types of the results. Throws a `DownhillError` for operands that do not fit. */
  typeOf(ins: readonly ArrayType[], params: P): readonly ArrayType[];
  readonly derivative: Derivative<P>;
  readonly batch: "elementwise" | BatchRule<P>["batch"];
  readonly lowering: Lowering<P>;
  /**
   * Predicated form of an in-place primitive (`inPlace`), or `undefined`: the listed results keep the bits of their
   * operands unless the scalar `when` is true.
   */
  guard?(
    params: P,
    results: readonly number[],
  ): ((ins: readonly Tensor[], when: Tensor) => readonly Tensor[]) | undefined;
  /**
   * For a primitive with sub-programs: computes its results by running the sub-programs one after the other, for
   * observers such as tracers. A loop passes the step number.
   */
  unroll?(
    ins: readonly Tensor[],
    params: P,
    run: (program: Program, ins: readonly Tensor[], step?: number) => readonly Tensor[],
  ): readonly Tensor[];
  /**
   * For a primitive that only moves elements: the block copies that fill all of its results; `undefined` if compiled
   * code is faster. When the primitive runs outside a program, the host does these copies, so that no code is compiled
   * for operands and indices used once.
   */
  copies?(params: P, ins: readonly ArrayType[]): readonly BlockCopy[] | undefined;
  /**
   * True if each element of its floating results is an element of one of its floating operands, selected by its
   * parameters and its other operands, or a constant. Sparse derivatives factor such equations out.
   */
  readonly moves?: true;
  /**
   * Cost of recomputing its results. `free`: computing an element costs no more than reading it, so consumers recompute
   * it instead of storing it. `high`: expensive, as for matrix products and convolutions, so a checkpoint may save the
   * result.
   */
  readonly cost?: "free" | "high";
  readonly algebra?: Algebra<P>;
  readonly layout?: LayoutRules<P>;
  readonly loop?: LoopRules<P>;
  readonly notation?: Notation<P>;
}

const builtIns: Set<unknown> = /* @__PURE__ */ new Set();

/**
 * Registers a primitive of the library, with a unique name. Exporters for other engines look up their forms by this
 * name. Calls at top level carry a `PURE` mark so that bundlers can drop unused ones.
 */
export function builtIn<P>(record: Primitive<P>): Primitive<P> {
  builtIns.add(record);
  return Object.freeze(record);
}

/** Returns the built-in primitive with a name, if it is part of this bundle. Used when programs are read from files. */
export function builtInNamed(name: string): Primitive | undefined {
  for (const prim of builtIns as Set<Primitive>) if (prim.name === name) return prim;
  return undefined;
}

/** True if a primitive is built in, rather than a user's primitive with the same name. */
export function isBuiltIn(prim: Primitive): boolean {
  return builtIns.has(prim);
}

/**
 * Defines a custom primitive: an operation with its rules.
 * @throws DownhillError `option` for a record that lacks a field, or whose derivative or lowering has an unknown kind.
 */
export function definePrimitive<P>(record: Primitive<P>): Primitive<P> {
  if (arguments.length > 1) refuseExtra("definePrimitive", arguments, 1);
  const { name, typeOf, derivative, batch, lowering } = record;
  if (typeof name !== "string" || name === "") throw misfit("a primitive", "name", "a text");
  if (typeof typeOf !== "function") throw misfit(name, "typeOf", "a function (types, params) => types");
  checkRules(name, "derivative", derivative, derivativeRules);
  if (batch !== "elementwise" && typeof batch !== "function")
    throw misfit(name, "batch", '"elementwise" or a function');
  checkRules(name, "lowering", lowering, loweringRules);
  return Object.freeze(record);
}

/** For each kind of derivative, the names of the functions that it must have. */
const derivativeRules: Readonly<Record<Derivative<unknown>["kind"], readonly string[]>> = {
  linear: ["transpose"],
  smooth: ["jvp"],
  constant: [],
  structured: ["jvp", "partialEval", "transpose", "dce"],
  none: [],
};
const loweringRules: Readonly<Record<Lowering<unknown>["kind"], readonly string[]>> = {
  elementwise: ["scalar"],
  map: ["element"],
  alias: [],
  loops: ["emit"],
  host: ["run"],
};

function checkRules(
  name: string,
  field: string,
  value: { readonly kind: string } | undefined,
  rules: Readonly<Record<string, readonly string[]>>,
): void {
  const kind = value?.kind;
  if (kind === undefined || !Object.hasOwn(rules, kind))
    throw misfit(name, field, `a record whose kind is ${Object.keys(rules).join(", ")}`, kind);
  for (const rule of rules[kind]!)
    if (typeof (value as unknown as Record<string, unknown>)[rule] !== "function")
      throw misfit(name, `${field}.${rule}`, `a function, for the kind ${kind}`);
}

function misfit(name: string, field: string, expected: string, kind?: unknown): DownhillError {
  const got = kind === undefined ? "" : `; got ${JSON.stringify(kind)}`;
  return new DownhillError("option", `definePrimitive: ${name}: ${field} must be ${expected}${got}.`);
}
