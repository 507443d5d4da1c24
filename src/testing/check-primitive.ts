import { refuseExtra } from "../engine/errors/arguments.ts";
import { DownhillError, showType } from "../engine/errors/index.ts";
import { checkOptions } from "../engine/errors/options.ts";
import type { Primitive } from "../engine/ir/index.ts";
import { Tensor } from "../engine/ir/tensor.ts";
import { isFloating } from "../engine/ir/types.ts";
import { asTensor } from "../engine/prims/lift.ts";
import { bind } from "../engine/trace/index.ts";
import type { BooleanLike } from "../engine/tree/index.ts";
import { checkBackends } from "./check-backends.ts";
import { checkBatching } from "./check-batching.ts";
import type { CheckGradsOptions } from "./check-grads.ts";
import { checkDerivatives, pullback, pushforward } from "./check-grads.ts";
import { errorBetween, innerProduct, normalLike } from "./compare.ts";
import type { ListFunction } from "./differences.ts";

/** Operands at which to test a primitive or an operation. Plain numbers stay weak scalars, as in an ordinary call. */
export interface Sample<P = unknown> {
  readonly ins: readonly BooleanLike[];
  /** Parameters of the primitive (default `{}`); ignored for an operation. */
  readonly params?: P;
  /**
   * False at a kink, a pole or a jump, where difference quotients are meaningless; everything else is still checked.
   * Default true.
   */
  readonly differentiable?: boolean;
}

export interface CheckPrimitiveOptions extends CheckGradsOptions {
  /** Name in messages. Default: that of the primitive or function. */
  readonly name?: string;
}

/** Number of samples and of compared numbers, and the largest differences found, relative to max(1, |number|). */
export interface PrimitiveReport {
  readonly samples: number;
  readonly comparisons: number;
  /** Largest difference of derivatives of all orders from central differences. */
  readonly differences: number;
  /** Largest difference of ⟨ct, J v⟩ from ⟨Jᵀ ct, v⟩. */
  readonly adjoint: number;
  /** Largest difference of batches from a loop over the items. */
  readonly batching: number;
}

/** A function of tensors that returns one tensor or a list of tensors, as users call it. */
export type Operation = (...xs: Tensor[]) => Tensor | readonly Tensor[];

/**
 * Checks a primitive, or an operation composed of primitives, at each sample:
 *
 * - its type rule against the results, and that these contain numbers of their dtype;
 * - eager evaluation, the interpreter, generated code and `jit`, which must produce equal bits, for the operation and
 *   for its derivatives in both modes;
 * - forward and reverse mode against central differences, to second order and in every combination of modes;
 * - that both modes are adjoint: ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩;
 * - batches in each operand and in all, of the operation and its derivatives, against a loop over the items.
 *
 * Random directions are equal in every run. Pass samples of more than one shape and dtype.
 *
 * @throws DownhillError `check`, naming the difference, the sample and the element.
 * @example
 * checkPrimitive(sin, [{ ins: [0.5] }, { ins: [[1, 2, 3]] }]).samples; // 2
 */
export function checkPrimitive<P>(
  op: Primitive<P> | Operation,
  samples: readonly Sample<P>[],
  options: CheckPrimitiveOptions = {},
): PrimitiveReport {
  if (arguments.length > 3) refuseExtra("checkPrimitive", arguments, 3);
  checkOptions("checkPrimitive", options, ["name", "order", "modes", "eps", "tolerance"]);
  checkArguments(op, samples);
  if (samples.length === 0) throw new DownhillError("check", "checkPrimitive: no samples were given.");
  return checkSamples(op, samples, options);
}

/**
 * Like `checkPrimitive`, without checking its arguments. If `onlyAt` returns a number for a sample, its check is
 * reduced. Eager evaluation is compared with one backend, selected by this number. The derivatives in both modes are
 * compared with first-order central differences and with each other. Batches, and compiled or repeated derivatives, are
 * then not checked.
 */
export function checkSamples<P>(
  op: Primitive<P> | Operation,
  samples: readonly Sample<P>[],
  options: CheckPrimitiveOptions = {},
  onlyAt: (sample: number) => number | undefined = () => undefined,
): PrimitiveReport {
  const { name = op.name, ...grads } = options;
  const report = { samples: samples.length, comparisons: 0, differences: 0, adjoint: 0, batching: 0 };
  samples.forEach((sample, i) => {
    const ins = sample.ins.map((x) => asTensor(x, name));
    const f: ListFunction = (xs) => {
      if (typeof op !== "function") return bind(op, xs, (sample.params ?? {}) as P);
      const out = op(...(xs as Tensor[]));
      return out instanceof Tensor ? [out] : out;
    };
    const types = ins.map((x) => showType(x.type) + (x.type.weak ? "*" : "")).join(", ");
    const where = `checkPrimitive: ${name}, sample ${i} (${types})`;
    const only = onlyAt(i);
    report.comparisons += checkBackends(where, f, ins, only);
    if (only === undefined) {
      const batching = checkBatching(where, f, ins);
      report.comparisons += batching.comparisons;
      report.batching = Math.max(report.batching, batching.worst);
    }
    const derived = checkDerived(where, f, ins, sample.differentiable ?? true, grads, only === undefined);
    report.comparisons += derived.comparisons;
    report.differences = Math.max(report.differences, derived.differences);
    report.adjoint = Math.max(report.adjoint, derived.adjoint);
    report.batching = Math.max(report.batching, derived.batching);
  });
  return report;
}

function checkArguments(op: unknown, samples: readonly unknown[]): void {
  const isPrimitive = typeof op === "object" && op !== null && "lowering" in op;
  if (!isPrimitive && typeof op !== "function") {
    throw new DownhillError(
      "option",
      `checkPrimitive: expects a primitive (see definePrimitive) or a function of tensors, got ${op === null ? "null" : typeof op}.`,
    );
  }
  if (!Array.isArray(samples)) {
    throw new DownhillError(
      "option",
      "checkPrimitive: samples must be an array. Write checkPrimitive(op, [{ ins: [0.5] }]).",
    );
  }
  samples.forEach((sample, i) => {
    const where = `checkPrimitive: sample ${i}`;
    if (sample === undefined) throw new DownhillError("option", `${where} is undefined, not { ins: [x] }.`);
    checkOptions(where, sample, ["ins", "params", "differentiable"]);
    if (!Array.isArray((sample as Sample).ins)) {
      throw new DownhillError(
        "option",
        `${where}: ins must be an array of the operands, as in { ins: [0.5] }.`,
      );
    }
  });
}

type DerivativeReport = Omit<PrimitiveReport, "samples">;

/**
 * Checks the derivatives of `f` with respect to its floating-point operands. The other operands are held fixed. Unless
 * `whole`, only checks first derivatives against differences, and that both modes are adjoint.
 */
function checkDerived(
  where: string,
  f: ListFunction,
  ins: readonly Tensor[],
  differentiable: boolean,
  options: CheckGradsOptions,
  whole: boolean,
): DerivativeReport {
  const active = ins.map((x) => isFloating(x.dtype));
  const xs = ins.filter((_, i) => active[i]);
  const among = (all: readonly Tensor[], ys: readonly Tensor[]): Tensor[] => {
    let next = 0;
    return all.map((x, i) => (active[i] === true ? ys[next++]! : x));
  };
  const floats =
    (all: readonly Tensor[]): ListFunction =>
    (ys) =>
      f(among(all, ys)).filter((out) => isFloating(out.dtype));
  const outs = floats(ins)(xs);
  if (xs.length === 0 || outs.length === 0)
    return { comparisons: 0, differences: 0, adjoint: 0, batching: 0 };

  const dxs = xs.map((x, i) => normalLike(x.type, i));
  const cts = outs.map((out, k) => normalLike(out.type, 100 + k));
  const { modes = ["forward", "reverse"] } = options;
  let comparisons = 0;
  let batching = 0;
  for (const mode of whole ? modes : []) {
    const [along, directions] = mode === "forward" ? [pushforward, dxs] : [pullback, cts];
    // A function of operands and directions, so that it can be compiled and batched too.
    const derivative: ListFunction = (all) => {
      const operands = all.slice(0, ins.length);
      return along(
        floats(operands),
        operands.filter((_, i) => active[i]),
        all.slice(ins.length),
      );
    };
    const what = `${where}, ${mode} mode`;
    comparisons += checkBackends(what, derivative, [...ins, ...directions]);
    const batches = checkBatching(what, derivative, [...ins, ...directions], ins.length);
    comparisons += batches.comparisons;
    batching = Math.max(batching, batches.worst);
  }
  const adjoint = modes.length === 2 ? checkAdjoint(where, floats(ins), xs, dxs, cts) : 0;
  if (!differentiable) return { comparisons, differences: 0, adjoint, batching };
  const names = ins.map((_, i) => `operand ${i}`).filter((_, i) => active[i]);
  const grads = checkDerivatives(where, floats(ins), xs, names, whole ? options : { ...options, order: 1 });
  return { comparisons: comparisons + grads.comparisons, differences: grads.worst, adjoint, batching };
}

function checkAdjoint(
  where: string,
  f: ListFunction,
  xs: readonly Tensor[],
  dxs: readonly Tensor[],
  cts: readonly Tensor[],
): number {
  const forwards = innerProduct(cts, pushforward(f, xs, dxs));
  const backwards = innerProduct(pullback(f, xs, cts), dxs);
  const error = errorBetween(forwards, backwards);
  const tolerance = [...xs, ...cts].some((x) => x.dtype === "float32") ? 1e-4 : 1e-11;
  if (error <= tolerance) return error;
  throw new DownhillError(
    "check",
    `${where}: forward and reverse mode are not adjoint: ⟨ct, J v⟩ is ${forwards}, but ⟨Jᵀ ct, v⟩ is ${backwards}.`,
  );
}
