// A program as a function of a few of its numbers, over tensors, for plots and optimisers.
import { stack, tensor, type Tensor } from "downhill";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";
import { assertNever } from "../../src/engine/util/assert-never.ts";
import { plainOf } from "../../src/engine/transforms/plain.ts";
import type { PlainType } from "../../src/numeric/plain/form/form.ts";
import type { Readable } from "./answer.ts";
import type { NumberInput, Question } from "./question.ts";
import { ViewError } from "./view-error.ts";

/** A program as a function of one or two of its numbers. The other numbers are fixed. */
export interface Place {
  readonly along: readonly NumberInput[];
  readonly value: (point: Tensor) => Tensor;
  readonly at: Point;
  /** Key of the function; equal functions have equal keys. */
  readonly key: string;
}

/** Returns the program as a function of the chosen numbers, or of the first one or two. */
export function placeOf({ program, args, numbers }: Readable, { along }: Question): Place {
  if (numbers.length === 0)
    throw new ViewError("view", "The program has no number to change: nothing to plot.");
  const chosen = along.flatMap((name) => numbers.find((number) => number.name === name) ?? []);
  const moved = chosen.length > 0 ? chosen.slice(0, 2) : numbers.slice(0, 2);
  const names = new Map(moved.map(({ name }, k) => [name, k]));
  const evaluate = (point: Tensor): Tensor => {
    const tensors = new Map([...names].map(([name, k]) => [name, point.at(k)]));
    if (program.kind === "text") {
      const { inputs, evaluate: run } = program.compiled;
      return run(
        inputs.map((name, i) => tensors.get(name) ?? tensor(args[i] as number, { dtype: "float64" })),
      );
    }
    const { params } = program.form;
    const own = params.map(({ name, type }, i) => withTensors(type, args[i], name, tensors));
    return plainOf(program.call)!.overTensors(...(own as never[])) as Tensor;
  };
  return {
    along: moved,
    value: evaluate,
    at: moved.map(({ value }) => value),
    key: JSON.stringify([program.text, moved.map(({ name }) => name), fixedPart(program, args, moved)]),
  };
}

/** The arguments with 0 in place of the varied numbers, which identify the function of the varied numbers. */
function fixedPart(
  program: Readable["program"],
  args: readonly unknown[],
  moved: readonly NumberInput[],
): unknown {
  const numbers = program.numbers(args);
  const still = numbers.map(({ name, value }) => (moved.some((one) => one.name === name) ? 0 : value));
  return program
    .withNumbers(args, still)
    .map((arg) => (ArrayBuffer.isView(arg) ? [...(arg as Float64Array)] : arg));
}

/** An argument with tensors in place of some of its numbers. */
function withTensors(
  type: PlainType,
  value: unknown,
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
): unknown {
  const items = value as readonly unknown[];
  const row = (list: readonly number[], name: string): unknown =>
    list.some((_, i) => tensors.has(`${name}[${i}]`))
      ? stack(list.map((x, i) => tensors.get(`${name}[${i}]`) ?? tensor(x, { dtype: "float64" })))
      : list;
  switch (type.kind) {
    case "number":
      return tensors.get(path) ?? value;
    case "boolean":
      return value;
    case "array":
      return row(value as readonly number[], path);
    case "matrix": {
      const rows = (value as readonly (readonly number[])[]).map((list, i) => row(list, `${path}[${i}]`));
      const moved = rows.some((one, i) => one !== items[i]);
      return moved ? stack(rows.map((one) => one as Tensor)) : value;
    }
    case "list":
      return items.map((item, i) => withTensors(type.item, item, `${path}[${i}]`, tensors));
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          withTensors(
            field.type,
            (value as Readonly<Record<string, unknown>>)[field.name],
            `${path}.${field.name}`,
            tensors,
          ),
        ]),
      );
    case "tuple":
      return type.items.map((item, i) => withTensors(item, items[i], `${path}[${i}]`, tensors));
    case "optional":
      return value === undefined ? value : withTensors(type.type, value, path, tensors);
    default:
      return assertNever(type, "withTensors");
  }
}
