import type { Tensor } from "../../engine/ir/tensor.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import type { PlainForm, PlainType } from "../../numeric/plain/form/form.ts";
import { defineLandscape, type Landscape } from "../../pictures/landscapes/index.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import type { RunnablePlain } from "../shared/plain-file.ts";
import { optionError } from "../shared/words.ts";

/** The coordinates of a landscape, and their form as arguments of a function. */
interface CoordinateLayout {
  readonly coordinates: readonly string[];
  readonly argumentsOf: (point: Tensor) => unknown[];
}

/**
 * Makes a landscape of a plain function of numbers, of one array, or of one tuple or record of numbers.
 *
 * @param start as written on the command line; for a function of an array it determines the number of coordinates.
 * @throws DownhillError `option` for a function of another shape.
 */
export function plainLandscape(
  { form, overTensors }: RunnablePlain,
  file: string,
  start: string | undefined,
): Landscape {
  const { name } = form.region;
  if (form.result.kind !== "number") {
    throw optionError(`race: ${name} gives ${kindOf(form.result)}: a landscape returns one number.`);
  }
  const { coordinates, argumentsOf } = shapeOf(form, start);
  const value = (point: Tensor): Tensor => overTensors(...argumentsOf(point)) as Tensor;
  return {
    ...defineLandscape(value, { name, formula: `${name} of ${file}`, coordinates }),
    value, // with a single coordinate it takes a vector too
  };
}

const usualCount = 2; // coordinates of an array if --start does not determine them

function shapeOf(form: PlainForm, start: string | undefined): CoordinateLayout {
  const required = form.params.filter(({ type }) => type.kind !== "optional");
  // optional parameters keep their defaults, unless all are optional
  const params = required.length > 0 ? required : form.params;
  const shape = shapeOfParams(
    form,
    params.map(({ name, type }) => ({ name, type: type.kind === "optional" ? type.type : type })),
    start,
  );
  const positions = params.map((param) => form.params.indexOf(param));
  const argumentsOf = (point: Tensor): unknown[] => {
    const given = shape.argumentsOf(point);
    return form.params.map((_, i) => given[positions.indexOf(i)]);
  };
  return { ...shape, argumentsOf };
}

function shapeOfParams(
  form: PlainForm,
  params: PlainForm["params"],
  start: string | undefined,
): CoordinateLayout {
  const [only, ...others] = params;
  if (only === undefined) throw wrongShape(form);
  if (params.every(({ type }) => isReal(type))) {
    return { coordinates: params.map(({ name }) => name), argumentsOf: (point) => elements(point) };
  }
  if (others.length > 0) throw wrongShape(form);
  const { type } = only;
  switch (type.kind) {
    case "array": {
      if (type.integer === true) throw wrongShape(form);
      const count = start === undefined ? usualCount : splitAtCommas(start).length;
      return { coordinates: numbered(count), argumentsOf: (point) => [point] };
    }
    case "tuple":
      if (!type.items.every(isReal)) throw wrongShape(form);
      return { coordinates: numbered(type.items.length), argumentsOf: (point) => [elements(point)] };
    case "record": {
      const fields = type.fields.filter((field) => field.type.kind !== "optional");
      const names = fields.map((field) => field.name);
      if (names.length === 0 || !fields.every((field) => isReal(field.type))) throw wrongShape(form);
      return {
        coordinates: names,
        argumentsOf: (point) => [Object.fromEntries(names.map((name, i) => [name, point.at(i)]))],
      };
    }
    case "number":
    case "boolean":
    case "matrix":
    case "list":
    case "optional":
      throw wrongShape(form);
    default:
      return assertNever(type, "shapeOf");
  }
}

function elements(point: Tensor): Tensor[] {
  return Array.from({ length: point.shape[0]! }, (_, i) => point.at(i));
}

/** True for a number that has a derivative. */
function isReal(type: PlainType): boolean {
  return type.kind === "number" && type.integer !== true;
}

/** Returns names for unnamed coordinates: `x`, `y`, or `x1`, `x2`, … */
function numbered(count: number): string[] {
  return count <= 2 ? ["x", "y"].slice(0, count) : Array.from({ length: count }, (_, i) => `x${i + 1}`);
}

function wrongShape({ region, params }: PlainForm): Error {
  const given =
    params.length === 0 ? "nothing" : params.map(({ name, type }) => `${name}: ${kindOf(type)}`).join(", ");
  return optionError(
    `race: ${region.name} takes ${given}: a landscape is a function of numbers (x: number, y: number), of one array, or of one tuple or record of numbers. ` +
      `Write one that calls it with the rest filled in.`,
  );
}

/** Describes a type for messages. */
function kindOf(type: PlainType): string {
  switch (type.kind) {
    case "number":
      return type.integer === true ? "an integer" : "a number";
    case "boolean":
      return "a boolean";
    case "array":
      return type.integer === true ? "an array of integers" : "an array";
    case "matrix":
      return "a matrix";
    case "list":
      return "an array of records";
    case "record":
      return "a record";
    case "tuple":
      return "a tuple";
    case "optional":
      return `${kindOf(type.type)}, or nothing`;
    default:
      return assertNever(type, "kindOf");
  }
}
