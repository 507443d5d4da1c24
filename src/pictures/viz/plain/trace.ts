import { DownhillError } from "../../../engine/errors/index.ts";
import type { RegionType } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { ValueLeaf } from "../../../numeric/plain/call/values.ts";
import { takeApart } from "../../../numeric/plain/call/values.ts";
import type { PlainForm, PlainType } from "../../../numeric/plain/form/form.ts";
import type { LoopIteration, LoopSummary, RegionRun, ValueStep } from "./evaluate.ts";
import { partial, runRegion } from "./evaluate.ts";
import type { PlainTape } from "./tape.ts";
import { tapeOf } from "./tape.ts";

/** Derivation of the gradient of a plain function at given arguments, by source line. */
export interface PlainTrace {
  readonly name: string;
  readonly file: string;
  readonly value: number;
  /** Differentiable arguments, element by element, each with its derivative. */
  readonly inputs: readonly { readonly name: string; readonly value: number; readonly derivative: number }[];
  /** Values of statements in the shown iterations, and loops, in source order. */
  readonly lines: readonly PlainTraceLine[];
  /** The shown iteration of each loop. */
  readonly shown: readonly ShownIteration[];
  /** Number of values computed in all iterations. */
  readonly stepCount: number;
  /** Values that the compiled gradient saves in the forward pass, by statement. */
  readonly tape: readonly PlainTape[];
}

/** The shown iteration of a loop, given by the value of its index. */
type ShownIteration = Pick<LoopIteration, "index" | "value">;

export type PlainTraceLine =
  | {
      readonly kind: "value";
      readonly line: number;
      readonly column: number;
      readonly target: string;
      readonly value: number;
      /** The string that the target holds, if it holds one; `value` is its code. */
      readonly text?: string;
      /** Derivative of the target with respect to each value that it was computed from. */
      readonly local: readonly { readonly source: string; readonly derivative: number }[];
      /** Derivative of the result with respect to this value. */
      readonly derivative: number;
    }
  | {
      readonly kind: "loop";
      readonly line: number;
      readonly column: number;
      readonly index: string;
      readonly count: number;
      readonly depth: number;
    };

/**
 * Evaluates a plain function and lists its values, their local derivatives, and the derivative of the result with
 * respect to each value (reverse mode). Shows one iteration per loop: the first, or the one that `iteration` names by
 * the loop's index.
 *
 * @throws DownhillError `shape` if the function returns more than one number, `option` if it captures values or no loop
 *   has the wanted iteration. Errors of `takeApart` for invalid arguments, and of `runRegion`, pass through.
 */
export function tracePlain(
  form: PlainForm,
  args: readonly unknown[],
  iteration: ReadonlyMap<string, number> = new Map(),
): PlainTrace {
  const { run, derivatives, shown, tape } = runForm(form, args, iteration);
  const result = run.results[0]!;
  return {
    name: form.region.name,
    file: form.region.file ?? form.region.name,
    value: result.value,
    inputs: run.steps.flatMap(({ at, target, value }, i) =>
      at === undefined ? [{ name: target, value, derivative: derivatives[i]! }] : [],
    ),
    lines: linesOf(form, run, derivatives, shown),
    shown,
    stepCount: run.steps.length,
    tape,
  };
}

/**
 * Evaluates a plain function. Returns the run and the derivative of the result with respect to each step. Also returns
 * the shown iteration of each loop (the first by default), and the values that the compiled gradient saves.
 *
 * @throws DownhillError `shape` if the function returns more than one number, `option` if it captures values or no loop
 *   has the wanted iteration. Errors of `takeApart` for invalid arguments, and of `runRegion`, pass through.
 */
export function runForm(
  form: PlainForm,
  args: readonly unknown[],
  iteration: ReadonlyMap<string, number>,
): {
  readonly run: RegionRun;
  readonly derivatives: Float64Array;
  readonly shown: readonly ShownIteration[];
  readonly tape: readonly PlainTape[];
} {
  if (form.result.kind !== "number")
    throw new DownhillError(
      "shape",
      `explain: ${form.region.name} returns more than one number. Return one number, whose derivative is to be explained.`,
    );
  const { leaves, labels } = leavesOf(form, args);
  const run = runRegion(form.region, leaves, labels);
  return {
    run,
    derivatives: derivativesOf(run),
    shown: shownIterations(run, iteration),
    tape: tapeOf(form, leaves),
  };
}

/** Flattens the arguments to leaves, with a name for each: `p.w`, `items[].x`. */
function leavesOf(
  form: PlainForm,
  args: readonly unknown[],
): { readonly leaves: ValueLeaf[]; readonly labels: string[] } {
  const { region, params, captured } = form;
  if (captured.length > 0)
    throw new DownhillError(
      "option",
      `explain: ${region.name} captures ${captured.map(({ name }) => name).join(", ")}: make it a const number of the module, or a parameter.`,
    );
  const types = region.params.map((param): RegionType => param.type).values();
  const leaves: ValueLeaf[] = [];
  params.forEach(({ name, type }, i) => {
    takeApart(type, args[i], types, { path: `explain(${region.name}): ${name}`, lead: 0 }, leaves);
  });
  return { leaves, labels: params.flatMap(({ name, type }) => labelsOf(name, type)) };
}

/** Returns the name of each leaf of a value: `p.w`, `items[].x`. */
export function labelsOf(path: string, type: PlainType): string[] {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return [path];
    case "list":
      return labelsOf(`${path}[]`, type.item);
    case "record":
      return type.fields.flatMap((field) => labelsOf(`${path}.${field.name}`, field.type));
    case "tuple":
      return type.items.flatMap((item, i) => labelsOf(`${path}[${i}]`, item));
    case "optional":
      return [`${path} !== ${type.absence ?? "undefined"}`, ...labelsOf(path, type.type)];
    default:
      return assertNever(type, "labelsOf");
  }
}

/** Computes the derivative of the result with respect to each step, in reverse mode. */
function derivativesOf({ steps, results }: RegionRun): Float64Array {
  const derivatives = new Float64Array(steps.length);
  for (const { step, derivative } of results[0]!.sources) derivatives[step]! += derivative;
  for (let i = steps.length - 1; i >= 0; i--) {
    const total = derivatives[i]!;
    if (total === 0) continue; // unchosen values do not contribute
    for (const { step, derivative } of steps[i]!.sources) derivatives[step]! += partial(total, derivative);
  }
  return derivatives;
}

/**
 * Returns the requested iteration of each loop, or else its first.
 *
 * @throws DownhillError `option` if no loop has a requested iteration.
 */
function shownIterations({ steps }: RegionRun, wanted: ReadonlyMap<string, number>): ShownIteration[] {
  const shown = new Map<string, number>(wanted);
  const found = new Set<string>();
  for (const { iterations } of steps)
    for (const { index, value } of iterations) {
      if (!shown.has(index)) shown.set(index, value);
      if (shown.get(index) === value) found.add(index);
    }
  for (const [index, value] of wanted)
    if (!found.has(index))
      throw new DownhillError(
        "option",
        `explain: no loop has an iteration ${index} = ${value}; loops: ${[...new Set(steps.flatMap((s) => s.iterations.map((it) => it.index)))].join(", ") || "none"}.`,
      );
  return [...shown].map(([index, value]) => ({ index, value }));
}

function linesOf(
  { region, texts }: PlainForm,
  { steps, loops }: RegionRun,
  derivatives: Float64Array,
  shown: readonly ShownIteration[],
): PlainTraceLine[] {
  const values = new Map(shown.map(({ index, value }) => [index, value]));
  const isShown = (iterations: readonly LoopIteration[]): boolean =>
    iterations.every(({ index, value }) => values.get(index) === value);
  const entries = [
    ...steps.flatMap((step, i) =>
      step.at === undefined || !isShown(step.iterations) ? [] : [valueLine(step, i)],
    ),
    ...loops.flatMap((loop) => (loop.at === undefined || !isShown(loop.iterations) ? [] : [loopLine(loop)])),
  ];
  // In source order: a loop precedes the lines of its body.
  return entries.sort((a, b) => a.line - b.line || a.column - b.column);

  function valueLine({ at, target, value, sources }: ValueStep, i: number): PlainTraceLine {
    const { line, column } = region.positions[at!]!;
    const local = sources.map(({ step, derivative }) => ({ source: steps[step]!.target, derivative }));
    const text = texts?.names.includes(target) === true ? texts.strings[value] : undefined;
    const shownText = text === undefined ? {} : { text };
    return { kind: "value", line, column, target, value, ...shownText, local, derivative: derivatives[i]! };
  }

  function loopLine({ at, index, count, iterations }: LoopSummary): PlainTraceLine {
    const { line, column } = region.positions[at!]!;
    return { kind: "loop", line, column, index, count, depth: iterations.length };
  }
}
