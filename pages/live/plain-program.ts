// Programs in ordinary TypeScript, loaded when a reader writes one.
import { grad, jvp } from "downhill";
import { readData } from "../../src/cli/shared/data-text.ts";
import { DownhillError } from "../../src/engine/errors/index.ts";
import type { Region, RegionType } from "../../src/engine/region/form/region.ts";
import { assertNever } from "../../src/engine/util/assert-never.ts";
import { functionOf } from "../../src/numeric/plain/call/attach.ts";
import {
  countLeaves,
  type ValueLeaf,
  putTogether,
  takeApart,
  takeLike,
  type Template,
  derivativeOf,
} from "../../src/numeric/plain/call/values.ts";
import { gradientOf, isFloating } from "../../src/numeric/plain/emit/derive.ts";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import type { PlainForm, PlainType } from "../../src/numeric/plain/form/form.ts";
import { isIntegerArray } from "../../src/numeric/plain/form/form.ts";
import { markedFunctions, parseModule } from "../../src/numeric/plain/syntax/module.ts";
import { loadParser } from "../../src/numeric/plain/syntax/parser.ts";
import { writtenValue } from "../../src/numeric/plain/names/written.ts";
import { elementLabel, type RegionRun, runRegion } from "../../src/pictures/viz/plain/evaluate.ts";
import { labelsOf } from "../../src/pictures/viz/plain/trace.ts";
import { numberFrom } from "./address.ts";
import { type ProgramBase, type ProgramInput, startNumbers } from "./program.ts";
import type { Tape, TapeStep } from "./tape.ts";

/** A TypeScript function marked `"use ad"`: the last one in its text. */
export interface PlainProgram extends ProgramBase {
  readonly kind: "plain";
  readonly form: PlainForm;
  /** The compiled function, to which transforms can be applied. */
  readonly call: (...args: unknown[]) => number;
  /** Indices of the arguments that contain numbers with a derivative. */
  readonly argnums: readonly number[];
  /** Leaves of the arguments, and of the values outside that the function reads. */
  leaves(args: readonly unknown[]): readonly ValueLeaf[];
}

/** `grad` and `jvp` with types for plain arguments. */
const gradientIn = grad as unknown as (
  f: (...args: unknown[]) => number,
  options: { readonly argnums: readonly number[] },
) => (...args: readonly unknown[]) => readonly unknown[];
const along = jvp as unknown as (
  f: (...args: unknown[]) => number,
  at: readonly unknown[],
  direction: readonly unknown[],
) => readonly [value: number, tangent: number];

/** Loads the parser and returns the reader of TypeScript programs. */
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
  const takes = argumentsOf(form, captured);
  const { argnums } = takes;
  // the code of a gradient is in parameters whose numbers all have derivatives
  const names = argnums.flatMap((i) => (isFloating(params[i]!.type) ? [params[i]!.name] : []));
  return {
    kind: "plain",
    text,
    form,
    argnums,
    leaves: takes.leaves,
    call: f,
    title: `${region.name}(${params.map(({ name }) => name).join(", ")})`,
    inputs: params.map(({ name, type }, i) => ({ name, kind: kindOf(type), start: startOf(type, i) })),
    argument: (input, given) => argumentOf(form, input, given),
    numbers: takes.numbers,
    withNumbers: (args, numbers) => takes.withSmooth(args, numbers, "kept"),
    value: (args) => f(...args),
    gradient(args) {
      if (argnums.length === 0) return [];
      return takes.smoothOf(args, gradientIn(f, { argnums })(...args));
    },
    tangent: (args, direction) => along(f, args, takes.withSmooth(args, direction, "zero"))[1],
    operations: (args) => ({
      value: takes.run(region, args).operations,
      gradient: names.length === 0 ? 0 : takes.run(gradientOf(form, names, true).region, args).operations,
    }),
    tape: (args) => tapeOfRun(form, takes.run(region, args), takes.inputSteps(args)),
  };
}

/** Operations on the arguments of a function, flattened to leaves. Numbers with a derivative are called smooth. */
interface Arguments {
  /** Indices of the parameters that contain smooth numbers. */
  readonly argnums: readonly number[];
  /** Leaves of the arguments, and of the values outside that the function reads. */
  leaves(args: readonly unknown[]): readonly ValueLeaf[];
  numbers(args: readonly unknown[]): { readonly name: string; readonly value: number }[];
  /** Smooth numbers of a gradient, which has one entry per element of `argnums`. */
  smoothOf(args: readonly unknown[], gradient: readonly unknown[]): number[];
  /** Replaces the smooth numbers of the arguments. The others are kept or set to 0. */
  withSmooth(args: readonly unknown[], numbers: readonly number[], others: "kept" | "zero"): unknown[];
  /** Runs a region that takes the same arguments. */
  run(region: Region, args: readonly unknown[]): RegionRun;
  /** Steps of a run that are smooth inputs. */
  inputSteps(args: readonly unknown[]): number[];
}

function argumentsOf(
  { region, params, captured: outside }: PlainForm,
  captured: readonly unknown[],
): Arguments {
  const isSmooth = params.flatMap(({ type }) => smoothLeaves(type));
  const labels = params.flatMap(({ name, type }) => labelsOf(name, type));
  const names = [...labels, ...outside.flatMap(({ name, type }) => labelsOf(name, type))];
  const argnums = params.flatMap(({ type }, i) => (smoothLeaves(type).includes(true) ? [i] : []));
  const apart = (args: readonly unknown[]): { leaves: ValueLeaf[][]; templates: Template[] } => {
    const types = region.params.map(({ type }) => type).values();
    const leaves = params.map((): ValueLeaf[] => []);
    const templates = params.map(({ name, type }, i) =>
      takeApart(type, args[i], types, { path: name, lead: 0 }, leaves[i]!),
    );
    return { leaves, templates };
  };
  const all = (args: readonly unknown[]): ValueLeaf[] => {
    const leaves = apart(args).leaves.flat();
    const types = region.params
      .slice(leaves.length)
      .map(({ type }): RegionType => type)
      .values();
    outside.forEach(({ name, type }, i) => {
      takeApart(type, captured[i], types, { path: name, lead: 0 }, leaves);
    });
    return leaves;
  };
  return {
    argnums,
    leaves: all,
    numbers: (args) =>
      apart(args)
        .leaves.flat()
        .flatMap((leaf, i) => {
          if (isSmooth[i] !== true) return [];
          const nameOf = (k: number): string =>
            typeof leaf.data === "number" ? labels[i]! : elementLabel(labels[i]!, k, leaf.dims);
          return elementsOf(leaf).map((value, k) => ({ name: nameOf(k), value }));
        }),
    smoothOf(args, gradient) {
      const { templates } = apart(args);
      return argnums.flatMap((at, i) => {
        const own = smoothLeaves(params[at]!.type, false);
        const leaves = takeLike(derivativeOf(templates[at]!), gradient[i], params[at]!.name);
        return leaves.flatMap((leaf, k) => (own[k] === true ? elementsOf(leaf) : []));
      });
    },
    withSmooth(args, numbers, others) {
      const { leaves, templates } = apart(args);
      const next = numbers.values();
      let at = 0;
      const changed = (leaf: ValueLeaf): ValueLeaf => {
        const smooth = isSmooth[at++] === true;
        const { data, dims } = leaf;
        if (leaf.isAbsent === true) return leaf;
        const one = (x: number): number => {
          if (!smooth) return others === "kept" ? x : 0;
          return next.next().value ?? 0;
        };
        return { data: typeof data === "number" ? one(data) : data.map(one), dims };
      };
      const made = templates.map((template, i) => putTogether(template, leaves[i]!.map(changed)));
      if (others === "zero") return made;
      return made.map((value, i) => withTexts(templates[i]!, value, args[i]));
    },
    run: (of, args) => runRegion(of, all(args), names),
    inputSteps(args) {
      const inputs: number[] = [];
      let step = 0; // each differentiable number is a step, in the order of the leaves
      all(args).forEach((leaf, i) => {
        const { type } = region.params[i]!;
        if (type !== "f64" && type !== "f32") return;
        const size = elementsOf(leaf).length;
        if (isSmooth[i] === true) for (let k = 0; k < size; k++) inputs.push(step + k);
        step += size;
      });
      return inputs;
    },
  };
}

/** Replaces the codes of strings in a value by the strings of the value from which it was made. */
function withTexts(template: Template, made: unknown, from: unknown): unknown {
  const parts = made as Readonly<Record<string, unknown>> & readonly unknown[];
  const texts = from as typeof parts;
  switch (template.kind) {
    case "leaf":
      return template.isText === true ? from : made;
    case "record":
      return Object.fromEntries(
        template.fields.map(({ name, type }) => [name, withTexts(type, parts[name], texts[name])]),
      );
    case "tuple":
      return template.items.map((item, i) => withTexts(item, parts[i], texts[i]));
    case "list":
      return parts.map((item, i) => withTexts(template.items?.[i] ?? template.item, item, texts[i]));
    case "optional":
      return template.item === undefined ? made : withTexts(template.item, made, from);
    case "absent":
    case "batch":
    case "jacobian":
      return made;
    default:
      return assertNever(template, "withTexts");
  }
}

/** Numbers of a leaf; empty if the value is absent. */
function elementsOf({ data, isAbsent }: ValueLeaf): readonly number[] {
  if (isAbsent === true) return [];
  return typeof data === "number" ? [data] : [...data];
}

/**
 * For each leaf of a value, whether it has a derivative. Without `flags`, it omits presence flags of optional values,
 * and strings, which derivatives lack too.
 */
function smoothLeaves(type: PlainType, flags = true): boolean[] {
  switch (type.kind) {
    case "number":
      return !flags && type.cases !== undefined ? [] : [type.integer !== true];
    case "matrix":
      return [type.integer !== true];
    case "array":
      return [type.integer !== true && !isIntegerArray(type.of)];
    case "boolean":
      return [false];
    case "list":
      return smoothLeaves(type.item, flags);
    case "record":
      return type.fields.flatMap((field) => smoothLeaves(field.type, flags));
    case "tuple":
      return type.items.flatMap((item) => smoothLeaves(item, flags));
    case "optional":
      return [...(flags ? [false] : []), ...smoothLeaves(type.type, flags)];
    default:
      return assertNever(type, "smoothLeaves");
  }
}

function kindOf(type: PlainType): ProgramInput["kind"] {
  if (type.kind === "optional") return kindOf(type.type);
  if (type.kind !== "number") return "data";
  return type.integer === true ? "whole" : "number";
}

const startLength = 3; // default length of arrays; also the default of integers, because they mostly count elements

/**
 * Initial value of an argument of this type, as text. The numbers of parameter i begin at index i of `startNumbers`.
 */
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
      return type.integer === true || isIntegerArray(type.of) ? "[0, 1, 2]" : row(0);
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
    case "optional":
      return startOf(type.type, i);
    default:
      return assertNever(type, "startOf");
  }
}

/** Parses the text of an argument to the value that the function expects. */
function argumentOf({ params, region }: PlainForm, { name }: ProgramInput, text: string): unknown {
  const at = params.findIndex((param) => param.name === name);
  const { type: declared } = params[at]!;
  const type = declared.kind === "optional" ? declared.type : declared;
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
  takeApart(declared, value, types, { path: "it", lead: 0 }, []);
  return value;
}

/** Converts arrays to typed arrays as the function's type requires. */
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
      if (type.of === "Uint8Array") return Uint8Array.from(data);
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
    case "optional":
      return data === undefined ? data : withArrays(type.type, data);
    default:
      return assertNever(type, "withArrays");
  }
}

/** Converts a run of a function to a tape. The returned value becomes the last step if it has no name. */
function tapeOfRun({ region }: PlainForm, { steps, results }: RegionRun, inputs: readonly number[]): Tape {
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

/** Right side of a statement: `x * y` of `const a = x * y;`. */
function rightSide(statement: string): string {
  return statement
    .replace(/^\s*(?:const|let|var)\s+/, "")
    .replace(/^[^=]*?[^=!<>]=(?!=)\s*/, "")
    .replace(/;\s*$/, "");
}
