import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkFlags, checkNeededOptions } from "../errors/options.ts";
import type { Primitive } from "../ir/primitive.ts";
import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating, sameType } from "../ir/types.ts";
import { installEvaluator } from "../trace/bind.ts";
import type { DebugPlace } from "../trace/debug.ts";
import { setDebugHooks } from "../trace/debug.ts";
import { setCapturing } from "../trace/capture.ts";
import { currentSource, withSource } from "../trace/source.ts";
import { evalProgram } from "../trace/staging.ts";
import { sizeOf } from "../util/shape.ts";
import { evaluate } from "./evaluate.ts";

export interface DebugOptions {
  /** Stop at the first operation whose value, tangent or cotangent turns NaN or infinite. */
  readonly nan: boolean;
}

/** On whose behalf operations run at the moment. */
interface Context extends DebugPlace {
  readonly step: number | undefined; // of the loop that is being run
}

const outside: Context = { pass: "forward", origin: undefined, step: undefined };
let context = outside;

function within<T>(next: Context, f: () => T): T {
  const saved = context;
  context = next;
  try {
    return f();
  } finally {
    context = saved;
  }
}

/**
 * Switches debugging on or off for the whole library. With `nan: true` every operation is checked, jitted functions run
 * one operation after the other, and the first one whose value, tangent or cotangent turns NaN or infinite throws: the
 * message names the operation, its operands, the pass, and the line that asked for it. So does a place beyond the ends of an
 * array, which compiled functions clamp, and so does a jitted function that reads other tensors or numbers from outside than when
 * it was traced first. Slow; for finding a fault.
 *
 * @throws DownhillError `nan` or `range`, from the operation, and `trace`, from the jitted function, while it is on.
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
  context = outside;
  installEvaluator(options.nan ? checkedEvaluate : evaluate);
  setDebugHooks(
    options.nan
      ? {
          differentiate: (prim, _, rule) =>
            within({ ...context, origin: context.origin ?? nameOf(prim) }, rule),
          transpose: ({ prim, source }, _, rule) =>
            within({ ...context, pass: "reverse", origin: source?.origin ?? nameOf(prim) }, () =>
              withSource(source, rule),
            ),
          place: () => context,
          compare: compareTraces,
        }
      : undefined,
  );
}

/** What to call the operation whose derivative is taken; a loop or call is named by the operations inside it. */
function nameOf(prim: Primitive): string | undefined {
  return prim.derivative.kind === "structured" ? undefined : askedName(prim);
}

function askedName({ name, asked = name }: Primitive): string {
  return asked;
}

function checkedEvaluate(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
  if (prim.unroll !== undefined) {
    return prim.unroll(ins, params, (program, xs, step) =>
      within({ ...context, origin: undefined, step: step ?? context.step }, () => evalProgram(program, xs)),
    );
  }
  checkPlaces(prim, ins, params);
  const outs = evaluate(prim, ins, params);
  if (prim.algebra?.constant?.([], params) !== undefined) return outs; // a constant became nothing: it was written so
  for (const out of outs) {
    const place = firstBad(out);
    if (place === undefined) continue;
    const bad = elementAt(out, place);
    const wasNaN = ins.some((x) => some(x, Number.isNaN));
    const wasInfinite = ins.some((x) => some(x, (v) => !Number.isFinite(v)));
    if (Number.isNaN(bad) ? wasNaN : wasInfinite) continue; // it came in that way
    throw report(prim, ins, out, place, bad);
  }
  return outs;
}

/** Refuses places beyond the ends of an array, which kernels clamp. */
function checkPlaces(prim: Primitive, ins: readonly Tensor[], params: unknown): void {
  const found = prim.layout?.places?.(
    ins.map((x) => x.type),
    params,
  );
  if (found === undefined) return;
  const { operand, n } = found;
  const places = ins[operand]!;
  const count = sizeOf(places.shape);
  for (let i = 0; i < count; i++) {
    const place = elementAt(places, i);
    if (Number.isInteger(place) && place >= -n && place < n) continue;
    const what = Number.isInteger(place) ? `out of range for ${showType(ins[0]!.type)}` : "no whole number";
    throw new DownhillError(
      "range",
      `${prim.name}: place ${place}${places.shape.length === 0 ? "" : ` at element ${i}`} is ${what}; without debugging it is ` +
        `clamped. Asked for at ${currentSource()?.describe() ?? "an unknown place"}.`,
    );
  }
}

/** Refuses a compiled function that reads other tensors from outside than when it was traced first, or has other constants. */
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
      ? "it computes something else now than when it was traced first: a number, a shape or a branch that it takes from outside has changed"
      : `a tensor ${showType(before.captured[place]!.type)} that it reads from outside is another one now than when it was traced first`;
  throw new DownhillError(
    "trace",
    `${operation}: ${what}. Compiled, it goes on with what it found then. Pass what changes as an argument.`,
  );
}

/** Whether two tensors of one type hold the same; as far as that is known. */
function sameElements(x: Tensor, y: Tensor): boolean {
  if (x.slot === undefined || y.slot === undefined || x.slot === y.slot) return true;
  const n = sizeOf(x.shape);
  for (let i = 0; i < n; i++) if (!Object.is(elementAt(x, i), elementAt(y, i))) return false;
  return true;
}

function report(
  prim: Primitive,
  ins: readonly Tensor[],
  out: Tensor,
  place: number,
  bad: number,
): DownhillError {
  const source = currentSource();
  const name = askedName(prim);
  const { origin = name, pass = "forward" } = source ?? {};
  const inRule = origin !== name;
  const what = pass === "reverse" ? "cotangent" : inRule ? "derivative" : "value";
  const where = out.shape.length === 0 ? "" : ` at element ${place}`;
  const loop = context.step === undefined ? "" : `, in step ${context.step} of a loop`;
  const operands = ins.map((x) => describeOperand(x, place, out)).join(", ");
  return new DownhillError(
    "nan",
    `${origin}: its ${what} became ${bad}${where} in the ${pass} pass${loop}: ${/ /.test(name) ? "" : name}(${operands}) -> ${showType(out.type)}` +
      `${inRule ? " in its derivative rule" : ""}. Asked for at ${source?.describe() ?? "an unknown place"}.`,
  );
}

/** An operand by its type, with the number that matters where it is plain which one. */
function describeOperand(x: Tensor, place: number, out: Tensor): string {
  const type = showType(x.type);
  if (x.shape.length === 0) return `${type} ${elementAt(x, 0)}`;
  return sizeOf(x.shape) === sizeOf(out.shape) ? `${type} with ${elementAt(x, place)} there` : type;
}

function firstBad(x: Tensor): number | undefined {
  if (!isFloating(x.dtype)) return undefined;
  const n = sizeOf(x.shape);
  for (let i = 0; i < n; i++) if (!Number.isFinite(elementAt(x, i))) return i;
  return undefined;
}

function some(x: Tensor, test: (value: number) => boolean): boolean {
  const n = sizeOf(x.shape);
  for (let i = 0; i < n; i++) if (test(elementAt(x, i))) return true;
  return false;
}

function elementAt({ slot }: Tensor, i: number): number {
  if (typeof slot === "number") return slot;
  return slot === undefined ? 0 : slot.array[slot.offset + i]!;
}
