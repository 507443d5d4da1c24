import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { vmap } from "../../engine/transforms/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { PlainForm, PlainType } from "../../numeric/plain/form/form.ts";
import { isIntegerArray } from "../../numeric/plain/form/form.ts";
import type { RunnablePlain } from "../shared/plain-file.ts";
import { type FitFormula, notesOfLeftSide, notesOfSlips, refuseBothSides } from "./formula.ts";
import { plainCode } from "./program.ts";
import type { LeftSide } from "./left-side.ts";

/**
 * Makes a model of a function of one row, which returns its number, or of whole columns, which returns the array of all
 * numbers. Numbers (or arrays) among its arguments with the name of a column are data. All other numbers are
 * parameters, also inside tuples (`p0`, `p1` of p) and records.
 *
 * @param left the column or expression of columns that the function computes. Default: `y` if no argument has that
 *   name, or the only unused column.
 * @param text the source text of the function and its helpers
 * @throws DownhillError `option` for functions of another shape, and if the column is unknown.
 */
export function plainModel(
  { form, overTensors }: RunnablePlain,
  left: string | LeftSide | undefined,
  table: string,
  columns: readonly string[],
  text?: string,
): FitFormula {
  const { name } = form.region;
  const isOfColumns = form.result.kind === "array";
  if (form.result.kind !== "number" && !isOfColumns) {
    throw new DownhillError(
      "option",
      `fit: ${name} returns more than one number: a model is a function of one row, which returns the number for it, or of whole columns, ` +
        `which returns an array with a number for each row.`,
    );
  }
  // an optional number that is not a column keeps its default
  const types = form.params.map((param) => givenType(param.name, param.type, columns));
  const inputs = types.flatMap((type, i) =>
    type === undefined ? [] : inputsOf(form, form.params[i]!.name, type, isOfColumns),
  );
  const names = inputs.map((input) => input.name);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined) {
    throw new DownhillError("option", `fit: ${name} takes ${twice} twice. Rename one of them.`);
  }
  const data = names.filter((one) => columns.includes(one));
  const parameters = names.filter((one) => !columns.includes(one));
  const list = `The columns are ${columns.join(", ")}.`;
  if (isOfColumns) requireWhole(name, inputs, columns, list);
  const side = typeof left === "object" ? left : undefined;
  const column = typeof left === "object" ? left.text : left;
  const target =
    column ??
    onlyTarget(
      name,
      columns.filter((one) => !data.includes(one)),
    );
  refuseBothSides(side, data);
  if (side === undefined && !columns.includes(target)) {
    throw new DownhillError(
      "option",
      `${table} has no column ${JSON.stringify(target)} to fit.${didYouMean(target, columns)} ${list}`,
    );
  }
  if (data.includes(target)) {
    throw new DownhillError("option", `fit: ${name} computes ${target} from ${target} itself. ${list}`);
  }
  if (parameters.length === 0) {
    throw new DownhillError(
      "option",
      `there is nothing to fit: all arguments of ${name} are columns. A number whose name is not a column is a parameter.`,
    );
  }
  if (data.length === 0 && (parameters.length > 1 || isOfColumns)) {
    throw new DownhillError(
      "option",
      `${name} takes no column, so ${parameters.join(", ")} would all be parameters. ${list}`,
    );
  }
  const call = (own: Readonly<Record<string, Tensor>>, params: Readonly<Record<string, Tensor>>): Tensor => {
    const numbers = names.map((one) => own[one] ?? params[one]!).values();
    return overTensors(...types.map((type) => type && argumentOf(type, numbers))) as Tensor;
  };
  const fitted = side?.columns ?? [target];
  const others = columns.filter((one) => !fitted.includes(one) && !data.includes(one));
  return {
    model: (x, params) => {
      if (!isOfColumns) return vmap((own: Readonly<Record<string, Tensor>>) => call(own, params))(x);
      const rows = x[data[0]!]!.shape[0];
      const found = call(x, params);
      if (found.shape[0] === rows) return found;
      throw new DownhillError(
        "shape",
        `fit: ${name} gives ${found.shape[0]} numbers for ${rows} rows. A model of columns gives one for each row.`,
      );
    },
    text: `${target} = ${name}(${names.join(", ")})`,
    target,
    ...(side === undefined ? {} : { left: side }),
    columns: data,
    isOfColumns,
    parameters,
    code: plainCode(form, types, text, data),
    notes: [...notesOfLeftSide(side), ...notesOfSlips(parameters, others)],
  };
}

/** Checks that the arguments of a function of columns fit: arrays must be columns, and numbers must not be. */
function requireWhole(
  name: string,
  inputs: readonly Input[],
  columns: readonly string[],
  list: string,
): void {
  for (const input of inputs) {
    if (input.isArray === columns.includes(input.name)) continue;
    throw new DownhillError(
      "option",
      input.isArray
        ? `fit: ${name} takes the array ${input.name}, which is no column: arrays are columns, and parameters are numbers.${didYouMean(input.name, columns)} ${list}`
        : `fit: ${name} gives an array, so that it takes whole columns: ${input.name} must be an array, as ${input.name}: number[].`,
    );
  }
}

/**
 * Returns the target if the user names none: `y`, or the only column that is no argument. Throws if there is no such
 * column.
 */
function onlyTarget(name: string, free: readonly string[]): string {
  const found = free.includes("y") ? "y" : free.length === 1 ? free[0] : undefined;
  if (found !== undefined) return found;
  throw new DownhillError(
    "option",
    free.length === 0
      ? `fit: ${name} takes all columns, so that none is left to fit.`
      : `fit: name the column that ${name} computes: ${free[0]!} = file.ts#${name}. Unused columns are ${free.join(", ")}.`,
  );
}

/** A number or an array inside an argument of the user's function. */
interface Input {
  readonly name: string;
  readonly isArray: boolean;
}

/**
 * Returns the type of an argument without those optional members that are not columns; they keep their defaults.
 * `undefined` if the whole argument is such a member.
 */
function givenType(name: string, type: PlainType, columns: readonly string[]): PlainType | undefined {
  switch (type.kind) {
    case "optional": {
      const inner = givenType(name, type.type, columns);
      return inner?.kind === "record" || columns.includes(name) ? inner : undefined;
    }
    case "record": {
      const fields = type.fields.flatMap((field) => {
        const given = givenType(field.name, field.type, columns);
        return given ? [{ name: field.name, type: given }] : [];
      });
      return { kind: "record", fields };
    }
    case "number":
    case "boolean":
    case "array":
    case "matrix":
    case "list":
    case "tuple":
      return type;
    default:
      return assertNever(type, "givenType");
  }
}

/** Lists the numbers inside an argument in order. For a function of columns, also lists its arrays. */
function inputsOf(form: PlainForm, name: string, type: PlainType, isOfColumns: boolean): Input[] {
  const inner = (field: string, of: PlainType): Input[] => inputsOf(form, field, of, isOfColumns);
  switch (type.kind) {
    case "number":
      if (type.integer !== true) return [{ name, isArray: false }];
      throw wrongArgument(form, `${name} sets sizes, bounds or indices and has no derivative`);
    case "record":
      return type.fields.flatMap((field) => inner(field.name, field.type));
    case "tuple":
      return type.items.flatMap((item, i) => inner(`${name}${i}`, item));
    case "array":
      if (isOfColumns && type.integer !== true && !isIntegerArray(type.of)) return [{ name, isArray: true }];
      throw wrongArgument(form, `${name} is an array${isOfColumns ? " of integers" : ""}`);
    case "optional":
    case "boolean":
    case "matrix":
    case "list":
      throw wrongArgument(form, `${name} is ${type.kind === "boolean" ? "a boolean" : "an array of rows"}`);
    default:
      return assertNever(type, "inputsOf");
  }
}

function wrongArgument({ region }: PlainForm, what: string): DownhillError {
  return new DownhillError(
    "option",
    `fit: ${region.name} is to be a function of one row: of numbers, or of tuples or records of numbers (or give an array, of arrays that are ` +
      `whole columns); ${what}.`,
  );
}

/** Builds an argument of a type from its numbers in order. */
function argumentOf(type: PlainType, numbers: Iterator<Tensor>): unknown {
  if (type.kind === "record") {
    return Object.fromEntries(type.fields.map((field) => [field.name, argumentOf(field.type, numbers)]));
  }
  if (type.kind === "tuple") return type.items.map((item) => argumentOf(item, numbers));
  return numbers.next().value;
}
