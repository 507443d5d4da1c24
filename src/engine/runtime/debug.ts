import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkFlags, checkNeededOptions } from "../errors/options.ts";
import type { Primitive } from "../ir/primitive.ts";
import { isAtHand, readElements } from "../ir/elements.ts";
import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating, sameType } from "../ir/types.ts";
import type { TypedArray } from "../kernel/executable.ts";
import type { Evaluator } from "../trace/bind.ts";
import { installEvaluator } from "../trace/bind.ts";
import type { DebugHooks, DebugOrigin } from "../trace/debug.ts";
import { setDebugHooks } from "../trace/debug.ts";
import { setCapturing } from "../trace/capture.ts";
import { currentSource, withSource } from "../trace/source.ts";
import { evalProgram } from "../trace/staging.ts";
import { sizeOf } from "../util/shape.ts";
import { evaluate } from "./evaluate.ts";

export interface DebugOptions {
  /** True to throw at the first operation whose value, tangent or cotangent becomes NaN or infinite. */
  readonly nan: boolean;
}

/** The pass, the user's operation and the loop step to which the operations that run at present belong. */
interface DebugContext extends DebugOrigin {
  readonly step: number | undefined; // of the innermost loop that is running
}

/**
 * Switches debugging on or off for the whole library. With `nan: true`, jitted functions run one operation after the
 * other, and every operation is checked. An error is thrown for
 *
 * - the first value, tangent or cotangent that becomes NaN or infinite; the message names the operation, its operands,
 *   the pass, and the source line of the call;
 * - an index out of range, which compiled functions clamp;
 * - a jitted function that reads other outer tensors or numbers than when it was first traced.
 *
 * Slow; meant for finding a fault.
 *
 * @throws DownhillError while debugging is on: `nan` or `range` from the operation, and `trace` from the jitted
 *   function.
 *
 * @example
 * debug({ nan: true });
 * grad((x) => sqrt(x))(0); // throws sqrt: its cotangent became Infinity in the reverse pass
 * debug({ nan: false });
 */
export function debug(options: DebugOptions): void {
  if (arguments.length > 1) refuseExtra("debug", arguments, 1);
  checkNeededOptions("debug", options, ["nan"]);
  checkFlags("debug", options, ["nan"]);
  setCapturing(options.nan);
  const checks = options.nan ? makeChecks() : undefined;
  installEvaluator(checks?.evaluate ?? evaluate);
  setDebugHooks(checks?.hooks);
}

/**
 * Creates an evaluator that checks the results it computes, and the hooks through which it is informed about the
 * current pass and origin.
 */
function makeChecks(): { readonly evaluate: Evaluator; readonly hooks: DebugHooks } {
  let context: DebugContext = { pass: "forward", origin: undefined, step: undefined };
  const within = <T>(next: DebugContext, f: () => T): T => {
    const saved = context;
    context = next;
    try {
      return f();
    } finally {
      context = saved;
    }
  };
  return {
    evaluate(prim, ins, params) {
      if (prim.unroll !== undefined) {
        return prim.unroll(ins, params, (program, xs, step = context.step) =>
          within({ ...context, origin: undefined, step }, () => evalProgram(program, xs)),
        );
      }
      checkPlaces(prim, ins, params);
      const outs = evaluate(prim, ins, params);
      checkResults(prim, ins, outs, params, context.step);
      return outs;
    },
    hooks: {
      differentiate: (prim, _, rule) => within({ ...context, origin: context.origin ?? nameOf(prim) }, rule),
      transpose: ({ prim, source }, _, rule) =>
        within({ ...context, pass: "reverse", origin: source?.origin ?? nameOf(prim) }, () =>
          withSource(source, rule),
        ),
      place: () => context,
      compare: compareTraces,
    },
  };
}

/**
 * Name under which messages report the operation that is differentiated. Undefined for loops and calls, because the
 * operations inside them are named.
 */
function nameOf(prim: Primitive): string | undefined {
  return prim.derivative.kind === "structured" ? undefined : userName(prim);
}

function userName({ name, asked = name }: Primitive): string {
  return asked;
}

/** Throws `nan` if a result contains NaN or ∞ although all operands were finite. */
function checkResults(
  prim: Primitive,
  ins: readonly Tensor[],
  outs: readonly Tensor[],
  params: unknown,
  step: number | undefined,
): void {
  if (prim.algebra?.constant?.([], params) !== undefined) return; // an infinite constant is intended
  for (const out of outs) {
    const place = firstBad(out);
    if (place === undefined) continue;
    const bad = numbers(out)[place]!;
    const wasNaN = ins.some((x) => numbers(x).some(Number.isNaN));
    const wasInfinite = ins.some((x) => numbers(x).some((value) => !Number.isFinite(value)));
    if (Number.isNaN(bad) ? wasNaN : wasInfinite) continue; // an operand was already NaN or infinite
    throw failureReport(prim, ins, out, place, bad, step);
  }
}

/** Throws `range` for an index out of range, which kernels clamp. */
function checkPlaces(prim: Primitive, ins: readonly Tensor[], params: unknown): void {
  const found = prim.layout?.places?.(
    ins.map((x) => x.type),
    params,
  );
  if (found === undefined) return;
  const { operand, n } = found;
  const places = ins[operand]!;
  for (const [i, place] of numbers(places).entries()) {
    if (Number.isInteger(place) && place >= -n && place < n) continue;
    const range = operand === 0 ? `an axis of ${n}` : showType(ins[0]!.type);
    const what = Number.isInteger(place) ? `out of range for ${range}` : "not an integer";
    throw new DownhillError(
      "range",
      `${prim.name}: index ${place}${places.shape.length === 0 ? "" : ` at element ${i}`} is ${what}; without debugging it is ` +
        `clamped. Called at ${currentSource()?.describe() ?? "an unknown location"}.`,
    );
  }
}

/**
 * Throws `trace` if a jitted function reads other outer tensors, or contains other constants, than when it was first
 * traced.
 */
function compareTraces(
  operation: string,
  before: { readonly program: Program; readonly captured: readonly Tensor[] },
  now: { readonly program: Program; readonly captured: readonly Tensor[] },
): void {
  const place = before.captured.findIndex((x, i) => {
    const other = now.captured[i];
    return other !== undefined && sameType(x.type, other.type) && !sameElements(x, other);
  });
  if (place < 0 && hashProgram(before.program) === hashProgram(now.program)) return;
  const what =
    place < 0
      ? "it computes something different from its first trace: an outer number, shape or branch has changed"
      : `the outer tensor ${showType(before.captured[place]!.type)} that it reads was replaced after its first trace`;
  throw new DownhillError(
    "trace",
    `${operation}: ${what}. The compiled function keeps the old value. Pass values that change as arguments.`,
  );
}

/** True if two tensors of equal type have equal elements, or if the elements are not available. */
function sameElements(x: Tensor, y: Tensor): boolean {
  if (!hasNumbers(x) || !hasNumbers(y) || x.slot === y.slot) return true;
  const others = numbers(y);
  return numbers(x).every((value, i) => Object.is(value, others[i]));
}

function failureReport(
  prim: Primitive,
  ins: readonly Tensor[],
  out: Tensor,
  place: number,
  bad: number,
  step: number | undefined,
): DownhillError {
  const source = currentSource();
  const name = userName(prim);
  const { origin = name, pass = "forward" } = source ?? {};
  const inRule = origin !== name;
  const what = pass === "reverse" ? "cotangent" : inRule ? "derivative" : "value";
  const where = out.shape.length === 0 ? "" : ` at element ${place}`;
  const loop = step === undefined ? "" : `, in step ${step} of a loop`;
  const operands = ins.map((x) => describeOperand(x, place, out)).join(", ");
  return new DownhillError(
    "nan",
    `${origin}: its ${what} became ${bad}${where} in the ${pass} pass${loop}: ${/ /.test(name) ? "" : name}(${operands}) -> ${showType(out.type)}` +
      `${inRule ? " in its derivative rule" : ""}. Called at ${source?.describe() ?? "an unknown location"}.`,
  );
}

/** Describes an operand by its type, plus the element at the failing position if the shapes allow it. */
function describeOperand(x: Tensor, place: number, out: Tensor): string {
  const type = showType(x.type);
  if (x.shape.length === 0) return `${type} ${numbers(x)[0]!}`;
  return sizeOf(x.shape) === sizeOf(out.shape) ? `${type} with ${numbers(x)[place]!} there` : type;
}

function firstBad(x: Tensor): number | undefined {
  if (!isFloating(x.dtype)) return undefined;
  const place = numbers(x).findIndex((value) => !Number.isFinite(value));
  return place < 0 ? undefined : place;
}

/** True if the elements are available: the tensor is not traced, not donated, and not pending on a device. */
function hasNumbers(x: Tensor): boolean {
  return isAtHand(x) && (typeof x.slot !== "object" || x.slot.memory !== undefined);
}

/** The elements, read synchronously. */
function numbers(x: Tensor): TypedArray {
  return readElements(x, "debug");
}
