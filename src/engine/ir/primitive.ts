import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import type { Block } from "../kernel/build.ts";
import type { FailureLocals } from "../kernel/failure.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";
import type { ArrayType } from "./types.ts";

/** A tangent or cotangent; `undefined` is a zero that is never computed. */
export type Maybe = Tensor | undefined;

/** The elements `from` to `to` (exclusive) along an axis, all of them along the others: what a slice reads. */
export interface AxisInterval {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Whether a cotangent left a mask, so that elements of it that are exactly 0 were not chosen or not read: true, or the
 * only part that was read.
 */
export type Mask = boolean | AxisInterval;

/**
 * Collects the cotangent of one linear operand. `add` sums a contribution. `take` hands the sum over, with the right to
 * write into it (a zero array if there is none yet), and `put` gives it back: so the transpose of an indexed read
 * updates one element and not a whole array.
 *
 * `mask` says that the contribution left a mask; parts that cover the array together leave none. The rule of a mask says
 * so itself; what comes of masked cotangents by any other rule is masked without saying.
 */
export interface Accumulator {
  readonly type: ArrayType;
  /** Whether nothing has been added yet. */
  readonly isEmpty: boolean;
  add(ct: Tensor, mask?: Mask): void;
  take(): Tensor;
  put(ct: Tensor, mask?: Mask): void;
}

/** The transpose of a program, and for each of its results whether it left a mask, or nothing is added to it whatever the cotangents are. */
export interface TransposedProgram {
  readonly program: Program;
  readonly masked: readonly boolean[];
  readonly zero: readonly boolean[];
}

/** An operand under partial evaluation: known now, or only once the linear part runs. */
export interface PartialValue {
  readonly known: boolean;
  readonly value: Tensor;
}

/** A program split in two: `known` also returns `residuals`, which `unknown` takes as its first inputs. */
export interface PartialProgram {
  readonly known: Program; // outs: the known outputs, then the residuals
  readonly unknown: Program; // ins: the residuals, then the unknown inputs; outs: the unknown outputs
  readonly unknownOuts: readonly boolean[];
  readonly residualCount: number;
  /** For each residual, the input of the whole program that it is, where it is one: such a residual need not be stored anew. */
  readonly residualInputs: readonly (number | undefined)[];
}

/** The transforms that rules of structured primitives need, given as arguments so that primitives import no transform. */
export interface TransformTools {
  /**
   * ins: primals, then the tangents that are not zero; outs: primals, then those tangents that `nonzeroOuts` marks. `masked` marks the
   * inputs whose tangents may hold zeros that left a mask, `maskedOuts` the outputs.
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
   * `atHand` marks inputs that the later part can read anyway: what is cheap to compute of these is no residual. `isRepeated` says whether
   * residuals are kept for each iteration of a loop, which is so unless said otherwise.
   */
  partialEvalProgram(
    program: Program,
    unknown: readonly boolean[],
    instantiate: readonly boolean[],
    atHand?: readonly boolean[],
    isRepeated?: boolean,
  ): PartialProgram;
  /**
   * ins: the inputs that are not linear, a cotangent for each output, an accumulator for each input in `accumulate`;
   * outs: the cotangent of each linear input. `masked` marks the cotangents of outputs that left a mask.
   */
  transposeProgram(
    program: Program,
    linear: readonly boolean[],
    accumulate: readonly boolean[],
    masked: readonly boolean[],
  ): TransposedProgram;
  /** Batches inputs so marked along a new axis 0; outputs in `instantiate` are batched whether or not they vary. */
  batchProgram(
    program: Program,
    size: number,
    batched: readonly boolean[],
    instantiate: readonly boolean[],
  ): { readonly program: Program; readonly batchedOuts: readonly boolean[] };
  /** An equal program that was seen before, if there is one: what was made of it is remembered. */
  intern(program: Program): Program;
}

/** The results of an equation, their tangents, and which tangents may hold zeros that left a mask: all where it is not specified. */
export type DualResults = readonly [
  outs: readonly Tensor[],
  tangents: readonly Maybe[],
  masks?: readonly boolean[],
];

/** What partial evaluation offers a structured primitive besides the tools. */
export interface PartialTools extends TransformTools {
  /** Binds among the values known now. */
  known(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
  /** Binds in the part that runs later; known operands become residuals. */
  unknown(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[];
  /** Whether the part that runs later has a known value without anyone keeping it. */
  isAtHand(x: Tensor): boolean;
  /** Whether this may stand in a loop each of whose iterations keeps what the later part reads. */
  readonly isRepeated: boolean;
}

/**
 * How a primitive is differentiated: exactly the rules that its kind needs.
 *
 * Signatures share their order: `transpose(cts, ins, params, into)` has `undefined` in `ins`, and an accumulator in
 * `into`, for each linear operand; a rule adds nothing where `into[i]` is undefined. `masks` tells which cotangents left
 * a mask, and is empty if none did: a product with a known factor that may be infinite or NaN is strong on these.
 */
export type Derivative<P> =
  | {
      readonly kind: "linear";
      /** The operands in which it is jointly linear; the others are held fixed and carry no derivative. */
      readonly operands: "all" | readonly number[];
      /** Only where a zero tangent spares work; the default applies the primitive to the tangents. */
      jvp?(tangents: readonly Maybe[], ins: readonly Tensor[], params: P): readonly Maybe[];
      /**
       * Where the tangent of the result holds zeros of a mask: `"sum"` if it adds the operands, so that an operand without a tangent
       * leaves none; `"always"` if it puts zeros around the operand. By default, an operand without a tangent leaves zeros.
       */
      readonly zeros?: "sum" | "always";
      transpose: TransposeRule<P>["transpose"];
    }
  | {
      readonly kind: "smooth";
      /** Tangents of the results; `outs` are the results, to be used again where the formula has them. */
      jvp(
        tangents: readonly Maybe[],
        ins: readonly Tensor[],
        outs: readonly Tensor[],
        params: P,
      ): readonly Maybe[];
      /** For a product: linear in one operand while the other is held fixed. */
      transpose?: TransposeRule<P>["transpose"];
      /**
       * True if an operand without a tangent leaves zeros of a mask: each element of the result is one of the operands', or one operand
       * leaves out elements of the other.
       */
      readonly chooses?: true;
      /**
       * For a product: the result for a floating operand that is a tangent and may hold zeros of a mask, where 0 times an infinite factor
       * is 0. `undefined` for operands in which it is not linear.
       */
      masked?(ins: readonly Tensor[], params: P, operand: number): Tensor | undefined;
      /** With which parameters values are computed that a derivative is taken of: where they are computed in another way then. */
      underDerivative?(params: P): P;
    }
  | { readonly kind: "constant" } // piecewise constant: the derivative is zero
  | {
      readonly kind: "structured";
      /** `masks` marks the tangents that may hold zeros which left a mask. */
      jvp(
        ins: readonly Tensor[],
        tangents: readonly Maybe[],
        params: P,
        tools: TransformTools,
        masks: readonly boolean[],
      ): DualResults;
      partialEval(ins: readonly PartialValue[], params: P, tools: PartialTools): readonly PartialValue[];
      transpose: TransposeRule<P>["transpose"];
      /** The same equation with only the results marked as used; `ins` tells which operands remain. */
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

/** Whether the masks of cotangents, as transpose rules receive them, have one at this place. */
export function isMasked(masks: readonly Mask[], place = 0): boolean {
  const mask = masks[place];
  return mask !== undefined && mask !== false;
}

/** Operands marked in `batched` carry the batch in axis 0; results likewise. */
export interface BatchRule<P> {
  batch(
    ins: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    params: P,
    tools: TransformTools,
  ): { readonly outs: readonly Tensor[]; readonly batched: readonly boolean[] };
}

/** An operand as lowered code reads it: by flat row-major index (ignored by scalars). */
export interface ReadView {
  readonly type: ArrayType;
  read(index: Expr): Expr;
  /**
   * For an operand that is computed while it is read, given only to lowerings with `readsOnce`: writes into the block what
   * the element needs. `place` is its index along each axis, where the reader knows it.
   */
  readonly element?: (block: Block, flat: Expr, place: readonly Expr[] | undefined) => Expr;
}

/** A result as lowered code writes it: part of a buffer, or a local. */
export interface WriteView extends ReadView {
  readonly buffer?: string | undefined;
  readonly offset?: Expr | undefined;
  readonly local?: string | undefined;
  write(block: Block, index: Expr, value: Expr): void;
}

/** What a lowering writes with: the places of what it declared. `fresh` makes unique names of locals. */
export interface LowerContext {
  readonly block: Block;
  readonly ins: readonly ReadView[];
  readonly outs: readonly WriteView[];
  /** The scratch arrays that it declared, in their order. */
  readonly scratch: readonly WriteView[];
  fresh(hint: string): string;
  /**
   * Writes a program that it declared, by its number, into `block`. `iteration` is the place along the leading axis of operands
   * and results of which the program has a part, `copy` the number of the temporaries to use where it has several copies of them.
   * Returns the results.
   */
  write(block: Block, program: number, iteration?: Expr, copy?: Expr): readonly ReadView[];
  /** Copies all elements, unless both are the same memory. */
  copy(block: Block, target: WriteView, view: ReadView): void;
  /** By which code says that the call is to end with an error. All else runs on, with any values, and does not last longer for it. */
  readonly failure: FailureLocals<FailureReport>;
}

/** What becomes of a call that failed at a site. */
export interface FailureReport {
  /** The error to throw, by what was wanted there, how much there is, and the values in its text. */
  error(wanted: number, length: number, values: readonly number[]): Error;
  /** Where memory was too small: sees to it that a program that is compiled from now on has enough; false if that cannot be. */
  makeRoom?(wanted: number): boolean;
}

/** An array of a lowering's own, there while its equation is computed. */
export interface Scratch {
  readonly name: string;
  readonly type: ArrayType;
}

/** An operand or a result of an equation by its number, or the part of it that one iteration has, along its leading axis. */
export interface SubProgramPort {
  readonly of: "operand" | "result";
  readonly index: number;
  readonly isPart?: boolean;
}

/**
 * A program that a lowering writes into a loop or a branch. An operand that is a result of the equation, or lies in the place of
 * one, and a result of the program that goes there are a carry: the program may overwrite the operand, and computes the result in
 * its place where it can.
 */
export interface SubProgram {
  readonly program: Program;
  /** What each of its inputs is. */
  readonly ins: readonly SubProgramPort[];
  /** Where each of its results goes; `undefined` for one that may lie anywhere. */
  readonly outs: readonly (SubProgramPort | undefined)[];
  /** How many copies of its temporaries there are, for iterations that may run at once. One where it is left out. */
  readonly copies?: number;
}

/** A result, by its number, that may lie in the memory of an operand of its type. */
export interface InPlaceResult {
  readonly result: number;
  readonly operand: number;
}

/** For results of one operand changed in some places: the first result may lie where the first operand does. */
export const firstInPlace: readonly InPlaceResult[] = [{ result: 0, operand: 0 }];

/** Elements that lie side by side in an operand and in a result, `count` times at regular distances. */
export interface BlockCopy {
  readonly operand: number;
  readonly result: number;
  /** First element in the operand, and in the result. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly count: number;
  readonly fromStep: number;
  readonly toStep: number;
}

/** From primitive to kernel. */
export type Lowering<P> =
  | { readonly kind: "elementwise"; scalar(xs: readonly Expr[], params: P, ins: readonly ArrayType[]): Expr }
  | {
      /** Each element of the one result is a function of its place and of elements of the operands. */
      readonly kind: "map";
      element(
        at: (operand: number, index: readonly Expr[]) => Expr,
        index: readonly Expr[],
        params: P,
        ins: readonly ArrayType[],
        out: ArrayType,
      ): Expr;
      /**
       * For a result whose elements lie side by side in the first operand, in their order, as a row of a matrix does: where they
       * begin there, of elements of the others.
       */
      part?(
        params: P,
        ins: readonly ArrayType[],
      ): ((at: (operand: number, index: readonly Expr[]) => Expr) => Expr) | undefined;
    }
  | { readonly kind: "alias" } // the same elements in the same order: a reshape
  | {
      readonly kind: "loops";
      /**
       * Whether it reads each element of its one operand once, in loops in which other elements of the same shape can be
       * computed beside; `place` tells that it knows the index along each axis there.
       */
      readsOnce?(params: P, ins: readonly ArrayType[]): { readonly place: boolean } | undefined;
      /** Results that may lie in the memory of an operand, which they take over where no one else reads it any more. */
      inPlace?(params: P): readonly InPlaceResult[];
      /** The scratch arrays that it needs. */
      scratch?(params: P, ins: readonly ArrayType[]): readonly Scratch[];
      /** The programs that it writes. */
      programs?(params: P): readonly SubProgram[];
      /** The parameters that hold its programs, for others that may take more operands, behind those that there are. */
      withPrograms?(programs: readonly Program[]): Partial<P>;
      emit(context: LowerContext, params: P): void;
    }
  | {
      /** Computed by JavaScript at once, never as part of a program: its `typeOf` refuses that while one is traced. */
      readonly kind: "host";
      run(ins: readonly Tensor[], params: P): readonly Tensor[];
    };

/** What simplification asks: facts that hold for every value, NaN and -0 included. */
export interface Algebra<P> {
  /** Whether its two operands may change places without changing a bit. */
  readonly commutes?: boolean;
  /** Whether applied twice, with the same parameters, it gives its one operand back to the last bit. */
  readonly undoesItself?: boolean;
  /** The operand that the one result equals, given what is known of constant operands: x · 1 is x. */
  identity?(
    constants: readonly (number | undefined)[],
    ins: readonly ArrayType[],
    params: P,
  ): number | undefined;
  /** The number that every element of the result is, where it follows from the numbers that all elements of operands are. */
  constant?(constants: readonly (number | undefined)[], params: P): number | undefined;
}

/** What is asked about where elements lie. */
export interface LayoutRules<P> {
  /** The parameters that give the same from an operand before its axes were put in this order: axis i as read now is axis `order[i]`. */
  transposeOperand?(params: P, operand: number, order: readonly number[], ins: readonly ArrayType[]): P;
  /** The parameters that give the result with its axes in this order. */
  transposeResult?(params: P, order: readonly number[]): P;
  /**
   * The operand whose elements are places along an axis of size `n`: whole numbers from −n to n − 1. Elements beyond are clamped,
   * which debugging refuses. `n` is ∞ where there is no axis yet.
   */
  places?(ins: readonly ArrayType[], params: P): { readonly operand: number; readonly n: number };
}

/** A loop: inputs of `body` are constants, carries and one element of each array; outputs are carries and an element of each result. */
export interface LoopParts {
  readonly body: Program;
  /** Inputs of the body that are the same in every iteration: the first ones. */
  readonly consts: number;
  readonly carries: number;
  /** Operands before those that the inputs of the body stand for, in their order. */
  readonly before: number;
  /** How many iterations there are, where that is known before they begin; arrays have so many elements along their first axis. */
  readonly length: number | undefined;
}

/** What passes over loops ask. */
export interface LoopRules<P> {
  /** For a loop: its parts. */
  parts?(params: P): LoopParts;
  /** The same loop with other parts. */
  rebuild?(params: P, parts: LoopParts): P;
  /**
   * For what may stand in a loop: the parameters that compute the results of all iterations at once, along a new first axis, or
   * with `isSummed` their sum; `undefined` where that is none of its forms. Operands have the iterations along a new first axis
   * where `stacked` marks them, all of them with `isSummed`; `ins` are the types in one iteration.
   */
  atOnce?(
    params: P,
    stacked: readonly boolean[],
    ins: readonly ArrayType[],
    isSummed: boolean,
  ): P | undefined;
  /**
   * How the part of the one result at an index along its first `depth` axes, a row, is computed with the bits that it has: the parameters
   * for that, and for each operand whether its row is needed or all of it; `undefined` where that cannot be.
   */
  row?(params: P, depth: number, ins: readonly ArrayType[]): RowRule<P> | undefined;
}

/** See `LoopRules.row`. */
export interface RowRule<P> {
  readonly params: P;
  readonly isRow: readonly boolean[];
}

/** How people write an operation, in traces; what has no notation is `name(…)`. */
export type Notation<P> =
  /** Between its operands; `right` is what stands on the right, where it is a parameter. */
  | { readonly infix: string; readonly precedence: number; right?(params: P): number }
  | { readonly prefix: string }
  /** In a way of its own, which binds as a product does; `undefined` for parameters that have none. */
  | { write(operands: readonly string[], params: P, ins: readonly ArrayType[]): string | undefined };

/**
 * One operation as a record: everything that transforms and backends may ask of it. `P` is what its equations carry
 * besides operands: plain data and programs. What is optional makes programs quicker or easier to read.
 */
export interface Primitive<P = unknown> {
  readonly name: string;
  /** What asks for it, as users know it and messages say, where that is something else. */
  readonly asked?: string;
  /** Types of the results; throws a `DownhillError` for operands that do not fit. */
  typeOf(ins: readonly ArrayType[], params: P): readonly ArrayType[];
  readonly derivative: Derivative<P>;
  readonly batch: "elementwise" | BatchRule<P>["batch"];
  readonly lowering: Lowering<P>;
  /**
   * For a primitive with results that are operands changed in some places (`inPlace`): the same, which changes no bit for these
   * results unless `when` holds, a scalar; `undefined` where that cannot be.
   */
  guard?(
    params: P,
    results: readonly number[],
  ): ((ins: readonly Tensor[], when: Tensor) => readonly Tensor[]) | undefined;
  /**
   * For a primitive with sub-programs: its results by running them one after the other, for those who want to watch; a
   * loop tells the step.
   */
  unroll?(
    ins: readonly Tensor[],
    params: P,
    run: (program: Program, ins: readonly Tensor[], step?: number) => readonly Tensor[],
  ): readonly Tensor[];
  /**
   * For a primitive that only moves elements: the blocks that make up all of its results; `undefined` if compiling it is faster. The host
   * copies these where the primitive runs by itself, so that no code is compiled for operands and places that come once.
   */
  copies?(params: P, ins: readonly ArrayType[]): readonly BlockCopy[] | undefined;
  /**
   * What it costs to compute its results again: `free`, no more an element than reading one, so that readers compute it rather
   * than have it stored; or `high`, as products of matrices and convolutions do, so that a checkpoint may keep them.
   */
  readonly cost?: "free" | "high";
  readonly algebra?: Algebra<P>;
  readonly layout?: LayoutRules<P>;
  readonly loop?: LoopRules<P>;
  readonly notation?: Notation<P>;
}

const builtIns: Set<unknown> = /* @__PURE__ */ new Set();

/**
 * Makes a primitive of the library itself, whose name no other of them has: what writes programs for other engines has
 * its forms by these names. Calls at top level carry a `PURE` mark so that bundlers can drop those that are not reached.
 */
export function builtIn<P>(record: Primitive<P>): Primitive<P> {
  builtIns.add(record);
  return Object.freeze(record);
}

/** The primitive of the library with a name, among those that the program holds: where programs are read from files. */
export function builtInNamed(name: string): Primitive | undefined {
  for (const prim of builtIns as Set<Primitive>) if (prim.name === name) return prim;
  return undefined;
}

/** Whether a primitive is one of the library, and not one of a user's that may have the same name. */
export function isBuiltIn(prim: Primitive): boolean {
  return builtIns.has(prim);
}

/**
 * Makes a primitive of a user's own: an operation with its rules.
 *
 * @throws DownhillError `option` for a record that lacks a field, or whose derivative or lowering is of no known kind.
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

/** The functions that each kind must have. */
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
