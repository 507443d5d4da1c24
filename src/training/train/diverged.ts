import { readElements } from "../../engine/ir/elements.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { debug } from "../../engine/runtime/index.ts";
import { isDebugging } from "../../engine/trace/index.ts";
import { flatten, leafPaths } from "../../engine/tree/index.ts";
import type { TrainingState } from "./step.ts";

/** State of a run when its loss or step became non-finite. */
export interface Divergence {
  /** The loss; `undefined` if it was not computed. */
  readonly loss: number | undefined;
  /** Number of the step, counted from 1. `epoch` and `batch` are counted from 1 as well. */
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
  readonly learningRate: number | undefined;
  /** Source of the first non-finite number; `undefined` if none was found. */
  readonly origin: Origin | undefined;
}

/** Source of the first non-finite number: an operation that produced it, or an input of the step that contains it. */
export type Origin =
  | { readonly kind: "operation"; readonly error: DownhillError }
  /** An input of the step contains the number `value`; `place` is its path and element. */
  | { readonly kind: "given"; readonly place: string; readonly value: number };

/**
 * Finds the first source of a non-finite number in a step. Checks the batch and both states; if they are fine, repeats
 * the step with a check of each operation. Returns `undefined` if the repetition produces no such number.
 */
export function originOf(
  batch: unknown,
  { state, modelState }: Pick<TrainingState<unknown, unknown>, "state" | "modelState">,
  step: () => unknown,
): Origin | undefined {
  const given =
    firstBad(batch, "batch", "any") ??
    firstBad(state, "state", "scalars may be infinite") ??
    firstBad(modelState, "modelState", "all may be infinite");
  if (given !== undefined) return { kind: "given", ...given };
  const wasOn = isDebugging();
  if (!wasOn) debug({ nan: true });
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof DownhillError && error.code === "nan") return { kind: "operation", error };
    return undefined; // An error that the run would have thrown earlier is not the cause.
  } finally {
    if (!wasOn) debug({ nan: false });
  }
}

/** Non-finite numbers that count as errors: all; all except infinite scalars; or only NaN. */
type NonFiniteKind = "any" | "scalars may be infinite" | "all may be infinite";

/** Serialises an origin for other ranks, which find the operation again by its message. */
export function originText(origin: Origin): string {
  const { kind } = origin;
  return JSON.stringify(
    kind === "operation"
      ? { kind, message: origin.error.message }
      : { kind, place: origin.place, value: String(origin.value) },
  );
}

/** Parses an origin that another rank found. */
export function readOrigin(text: string): Origin {
  const { kind, message, place, value } = JSON.parse(text) as Readonly<Record<string, string>>;
  return kind === "operation"
    ? { kind, error: new DownhillError("nan", message!) }
    : { kind: "given", place: place!, value: Number(value) };
}

/**
 * Returns the first number in a tree that counts as an error by the rule `which`, and its path and element; `undefined`
 * if there is none.
 */
export function firstBad(
  tree: unknown,
  root: string,
  which: NonFiniteKind,
): { readonly place: string; readonly value: number } | undefined {
  const { leaves, def } = flatten(tree, "fit");
  for (const [i, leaf] of leaves.entries()) {
    const x: Tensor = asTensor(leaf, "fit");
    if (!isFloating(x.dtype)) continue;
    const isLenient =
      which === "all may be infinite" || (which === "scalars may be infinite" && x.ndim === 0);
    const data = readElements(x, "fit");
    const at = data.findIndex((v) => (isLenient ? Number.isNaN(v) : !Number.isFinite(v)));
    if (at < 0) continue;
    const path = leafPaths(def, root)[i]!;
    return { place: x.ndim === 0 ? path : `${path}, element ${at},`, value: data[at]! };
  }
  return undefined;
}

/** Creates the error that ends a run whose loss or step is not finite. */
export function diverged(at: Divergence): DownhillError {
  const { loss, step, epoch, batch, origin } = at;
  const where = `at step ${step} (epoch ${epoch}, batch ${batch})`;
  const what = Number.isFinite(loss ?? Number.NaN)
    ? `the step is not finite ${where}, though the loss is ${loss}`
    : `${loss === undefined ? "a number is not finite" : `the loss is ${loss}`} ${where}`;
  const kept = "The parameters before that step are in `latest` of the run.";
  const text = `fit: ${what}. ${adviceOn(at)}${describe(origin)} ${kept}`;
  return new DownhillError("nan", text, origin?.kind === "operation" ? { cause: origin.error } : undefined);
}

function describe(origin: Origin | undefined): string {
  if (origin === undefined) return "";
  if (origin.kind === "given")
    return ` The first such number is in the inputs: ${origin.place} is ${origin.value}.`;
  return ` The first such number comes from ${origin.error.message}`;
}

function adviceOn({ step, learningRate, origin }: Divergence): string {
  if (origin?.kind === "given" && origin.place.startsWith("batch")) {
    return "Check the data: fill such values in or remove the items.";
  }
  const about = origin?.kind === "operation" ? adviceAbout(origin.error.message) : "";
  if (step === 1) {
    const first = "Check the data and the initial parameters: inputs should be numbers of about −3 to 3";
    return `${first} (see standardise), labels valid.${about}`;
  }
  const rate = learningRate === undefined ? "" : ` (it is ${learningRate})`;
  const lower = `Lower the learning rate${rate}, clip the gradients (clipByGlobalNorm)`;
  return `${lower}, scale the inputs (see standardise), or start from smaller parameters.${about}`;
}

/** Returns advice about an operation, whose name begins the message of the NaN check. */
function adviceAbout(message: string): string {
  const name = /^(\w+)[:,]/.exec(message)?.[1] ?? "";
  switch (name) {
    case "log":
    case "log1p":
      return " Keep the argument of log above 0, or compute the loss from scores (softmaxCrossEntropy, softplus).";
    case "exp":
      return " Keep the argument of exp small: compute the loss from scores (softmaxCrossEntropy, softplus).";
    case "div":
      return " Keep the divisor away from 0, for example by adding a small number.";
    case "sqrt":
    case "pow":
      return ` Keep the argument of ${name} away from 0, where its slope is infinite.`;
    case "matmul":
      return " The factors of a product have grown too large.";
    default:
      return "";
  }
}
