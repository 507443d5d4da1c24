// Programs in ordinary TypeScript: loaded when a reader writes one.
import { grad, jvp } from "downhill";
import { readData } from "../../src/cli/shared/data-text.ts";
import { DownhillError } from "../../src/engine/errors/index.ts";
import type { Region, RegionType } from "../../src/engine/region/region.ts";
import { assertNever } from "../../src/engine/util/assert-never.ts";
import { functionOf } from "../../src/numeric/plain/call/attach.ts";
import {
  countLeaves,
  type Leaf,
  putTogether,
  takeApart,
  takeLike,
  type Template,
} from "../../src/numeric/plain/call/values.ts";
import { gradientOf } from "../../src/numeric/plain/emit/derive.ts";
import { elaborate } from "../../src/numeric/plain/elaborate.ts";
import type { PlainForm, PlainType } from "../../src/numeric/plain/form.ts";
import { markedFunctions, parseModule } from "../../src/numeric/plain/module.ts";
import { loadParser } from "../../src/numeric/plain/parser.ts";
import { writtenValue } from "../../src/numeric/plain/written.ts";
import { elementLabel, type Run, runRegion } from "../../src/pictures/viz/plain/evaluate.ts";
import { labelsOf } from "../../src/pictures/viz/plain/trace.ts";
import { numberFrom } from "./address.ts";
import { type ProgramBase, type ProgramInput, startNumbers } from "./program.ts";
import type { Tape, TapeStep } from "./tape.ts";

/** A marked function of TypeScript: the last one of its text. */
export interface PlainProgram extends ProgramBase {
  readonly kind: "plain";
  readonly form: PlainForm;
  /** The function itself, which transforms take. */
  readonly call: (...args: unknown[]) => number;
}

/** `grad` and `jvp`, whose types ask for plain arguments by their own types. */
const gradientIn = grad as unknown as (
  f: (...args: unknown[]) => number,
  options: { readonly argnums: readonly number[] },
) => (...args: readonly unknown[]) => readonly unknown[];
const along = jvp as unknown as (
  f: (...args: unknown[]) => number,
  at: readonly unknown[],
  direction: readonly unknown[],
) => readonly [value: number, tangent: number];

/** What reads programs in TypeScript, with its parser. */
export async function plainProgramReader(): Promise<(text: string) => PlainProgram> {
  const parse = await loadParser();
  return (text) => {
    const module = parseModule(text, { parse, file: "program.ts" });
    const marked = markedFunctions(module.program).at(-1);
    if (marked === undefined)
      throw new DownhillError(
        "plain",
        'no function is marked: write "use ad"; as the first line of the body of the one to differentiate.',
      );
    const form = elaborate(module, marked);
    if (form.result.kind !== "number")
      throw new DownhillError(
        "plain",
        `${form.region.name} returns more than one number: let it return one, of which to show the derivative.`,
      );
    const captured = form.captured.map(({ name }) => {
      const value = writtenValue(name, module, marked.around);
      if (value !== undefined) return value;
      throw new DownhillError(
        "plain",
        `the value of ${name} is not known, since the text is not run: declare it as const, with its numbers written out.`,
      );
    });
    return plainProgram(text, form, captured);
  };
}

function plainProgram(text: string, form: PlainForm, captured: readonly unknown[]): PlainProgram {
  const { region, params } = form;
  const f = functionOf(form, () => captured) as (...args: unknown[]) => number;
  const isSmooth = params.flatMap(({ type }) => smoothLeaves(type));
  const labels = params.flatMap(({ name, type }) => labelsOf(name, type));
  const argnums = params.flatMap(({ type }, i) => (smoothLeaves(type).includes(true) ? [i] : []));
  const apart = (args: readonly unknown[]): { leaves: Leaf[][]; templates: Template[] } => {
    const types = region.params.map(({ type }) => type).values();
    const leaves = params.map((): Leaf[] => []);
    const templates = params.map(({ name, type }, i) =>
      takeApart(type, args[i], types, { path: name, lead: 0 }, leaves[i]!),
    );
    return { leaves, templates };
  };
  const withSmooth = (
    args: readonly unknown[],
    numbers: readonly number[],
    isRest: "kept" | "zero",
  ): unknown[] => {
    const { leaves, templates } = apart(args);
    const next = numbers.values();
    let at = 0;
    return templates.map((template, i) =>
      putTogether(
        template,
        leaves[i]!.map(({ data, dims }): Leaf => {
          const smooth = isSmooth[at++] === true;
          const one = (x: number): number => (smooth ? (next.next().value ?? 0) : isRest === "kept" ? x : 0);
          return { data: typeof data === "number" ? one(data) : data.map(one), dims };
        }),
      ),
    );
  };
  const all = (args: readonly unknown[]): Leaf[] => {
    const leaves = apart(args).leaves.flat();
    const types = region.params
      .slice(leaves.length)
      .map(({ type }): RegionType => type)
      .values();
    form.captured.forEach(({ name, type }, i) => {
      takeApart(type, captured[i], types, { path: name, lead: 0 }, leaves);
    });
    return leaves;
  };
  const names = [...labels, ...form.captured.flatMap(({ name, type }) => labelsOf(name, type))];
  const runOf = (of: Region, args: readonly unknown[]): Run => runRegion(of, all(args), names);
  const activeNames = argnums.map((i) => params[i]!.name);
  /** The steps of a run that are inputs: each number of the types that have derivatives is one, in the order of the leaves. */
  const inputSteps = (args: readonly unknown[]): number[] => {
    const inputs: number[] = [];
    let step = 0;
    all(args).forEach(({ data }, i) => {
      const { type } = region.params[i]!;
      if (type !== "f64" && type !== "f32") return;
      const size = typeof data === "number" ? 1 : data.length;
      if (isSmooth[i] === true) for (let k = 0; k < size; k++) inputs.push(step + k);
      step += size;
    });
    return inputs;
  };
  return {
    kind: "plain",
    text,
    form,
    call: f,
    title: `${region.name}(${params.map(({ name }) => name).join(", ")})`,
    inputs: params.map(({ name, type }, i) => ({ name, kind: kindOf(type), start: startOf(type, i) })),
    argument: (input, given) => argumentOf(form, input, given),
    numbers: (args) =>
      apart(args)
        .leaves.flat()
        .flatMap((leaf, i) =>
          isSmooth[i] !== true
            ? []
            : elementsOf(leaf).map((value, k) => ({
                name: typeof leaf.data === "number" ? labels[i]! : elementLabel(labels[i]!, k, leaf.dims),
                value,
              })),
        ),
    withNumbers: (args, numbers) => withSmooth(args, numbers, "kept"),
    value: (args) => f(...args),
    gradient(args) {
      if (argnums.length === 0) return [];
      const grads = gradientIn(f, { argnums })(...args);
      const { templates } = apart(args);
      const leaves = params.map((_, i): Leaf[] => {
        const place = argnums.indexOf(i);
        return place < 0 ? [] : takeLike(templates[i]!, grads[place], region.name);
      });
      return params.flatMap(({ type }, i) => {
        const own = smoothLeaves(type);
        return leaves[i]!.flatMap((leaf, k) => (own[k] === true ? elementsOf(leaf) : []));
      });
    },
    tangent: (args, direction) => along(f, args, withSmooth(args, direction, "zero"))[1],
    operations: (args) => ({
      value: runOf(region, args).operations,
      gradient: runOf(gradientOf(form, activeNames, true).region, args).operations,
    }),
    tape: (args) => tapeOfRun(form, runOf(region, args), inputSteps(args)),
  };
}

function elementsOf({ data }: Leaf): readonly number[] {
  return typeof data === "number" ? [data] : [...data];
}

/** For each leaf of a value, whether it has a derivative. */
function smoothLeaves(type: PlainType): boolean[] {
  switch (type.kind) {
    case "number":
    case "matrix":
      return [type.integer !== true];
    case "array":
      return [type.integer !== true && type.of !== "Int32Array"];
    case "boolean":
      return [false];
    case "list":
      return smoothLeaves(type.item);
    case "record":
      return type.fields.flatMap((field) => smoothLeaves(field.type));
    case "tuple":
      return type.items.flatMap(smoothLeaves);
    default:
      return assertNever(type, "smoothLeaves");
  }
}

function kindOf(type: PlainType): ProgramInput["kind"] {
  if (type.kind !== "number") return "data";
  return type.integer === true ? "whole" : "number";
}

const startLength = 3; // elements of arrays that nobody gave; whole numbers begin there, too, since they mostly count them

/** A value to begin with, as text. */
function startOf(type: PlainType, i: number): string {
  const number = (k: number): string => String(startNumbers[(i + k) % startNumbers.length]!);
  const row = (k: number): string =>
    `[${Array.from({ length: startLength }, (_, j) => number(k * startLength + j)).join(", ")}]`;
  switch (type.kind) {
    case "number":
      return type.integer === true ? String(startLength) : number(0);
    case "boolean":
      return "true";
    case "array":
      return type.integer === true || type.of === "Int32Array" ? "[0, 1, 2]" : row(0);
    case "matrix":
      return type.integer === true
        ? "[[0, 1, 2], [1, 2, 0], [2, 0, 1]]"
        : `[${row(0)}, ${row(1)}, ${row(2)}]`;
    case "list":
      return `[${Array.from({ length: startLength }, (_, k) => startOf(type.item, i + k)).join(", ")}]`;
    case "record":
      return `{ ${type.fields.map((field, k) => `${field.name}: ${startOf(field.type, i + k)}`).join(", ")} }`;
    case "tuple":
      return `[${type.items.map((item, k) => startOf(item, i + k)).join(", ")}]`;
    default:
      return assertNever(type, "startOf");
  }
}

/** The argument that a text stands for, as the function takes it. */
function argumentOf({ params, region }: PlainForm, { name }: ProgramInput, text: string): unknown {
  const at = params.findIndex((param) => param.name === name);
  const { type } = params[at]!;
  if (type.kind === "number" && type.integer !== true) return numberFrom(text);
  const data = readData(text);
  if (data === undefined)
    throw new Error(`it is no number, list or object of numbers, such as ${startOf(type, at)}`);
  const value = withArrays(type, data);
  const before = params.slice(0, at).reduce((sum, param) => sum + countLeaves(param.type), 0);
  const types = region.params
    .slice(before)
    .map((param): RegionType => param.type)
    .values();
  takeApart(type, value, types, { path: "it", lead: 0 }, []);
  return value;
}

/** Data with typed arrays where the function has them. */
function withArrays(type: PlainType, data: unknown): unknown {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "matrix":
      return data;
    case "array": {
      if (!Array.isArray(data) || !data.every((x) => typeof x === "number")) return data;
      if (type.of === "Float64Array") return Float64Array.from(data);
      if (type.of === "Float32Array") return Float32Array.from(data);
      return type.of === "Int32Array" ? Int32Array.from(data) : data;
    }
    case "list":
      return Array.isArray(data) ? data.map((item) => withArrays(type.item, item)) : data;
    case "record": {
      if (typeof data !== "object" || data === null) return data;
      const fields = type.fields.map(
        (field) =>
          [
            field.name,
            withArrays(field.type, (data as Readonly<Record<string, unknown>>)[field.name]),
          ] as const,
      );
      return Object.fromEntries(fields);
    }
    case "tuple":
      return Array.isArray(data) ? type.items.map((item, i) => withArrays(item, data[i])) : data;
    default:
      return assertNever(type, "withArrays");
  }
}

/** A run of a function as a tape: the value that it returns is the last step, where no name has it. */
function tapeOfRun({ region }: PlainForm, { steps, results }: Run, inputs: readonly number[]): Tape {
  const shown = steps.map(({ at, target, value, sources, iterations }): TapeStep => ({
    name: target,
    formula: at === undefined ? "" : rightSide(region.positions[at]!.text),
    value,
    sources,
    iterations,
  }));
  const { value, sources } = results[0]!;
  const [only] = sources;
  const isNamed = sources.length === 1 && only!.derivative === 1 && steps[only!.step]!.value === value;
  if (isNamed) return { steps: shown, inputs, result: only!.step };
  const returned: TapeStep = { name: region.name, formula: "returned", value, sources, iterations: [] };
  return { steps: [...shown, returned], inputs, result: steps.length };
}

/** `x * y` of `const a = x * y;`. */
function rightSide(statement: string): string {
  return statement
    .replace(/^\s*(?:const|let|var)\s+/, "")
    .replace(/^[^=]*?[^=!<>]=(?!=)\s*/, "")
    .replace(/;\s*$/, "");
}
