import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { vmap } from "../../engine/transforms/vmap.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { PlainForm, PlainType } from "../../numeric/plain/form.ts";
import type { RunnablePlain } from "../shared/plain-file.ts";
import { type Formula, notesOfSlips } from "./formula.ts";

/**
 * A function of one row as a model: of its numbers, those with the name of a column are data, all others are parameters, also
 * where they stand in tuples (`p0`, `p1` of p) and records.
 *
 * @param column what the function gives; by default `y` where that is left, or the only column that is left.
 * @throws DownhillError `option` for functions of another shape, and where the column is not known.
 */
export function plainModel(
  { form, overTensors }: RunnablePlain,
  column: string | undefined,
  table: string,
  columns: readonly string[],
): Formula {
  const { name } = form.region;
  if (form.result.kind !== "number") {
    throw new DownhillError(
      "option",
      `fit: ${name} gives more than one number: a model is a function of one row, which gives the number for it.`,
    );
  }
  const names = form.params.flatMap((param) => namesOf(form, param.name, param.type));
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined) {
    throw new DownhillError("option", `fit: ${name} takes ${twice} twice. Rename one of them.`);
  }
  const data = names.filter((one) => columns.includes(one));
  const parameters = names.filter((one) => !columns.includes(one));
  const target =
    column ??
    onlyTarget(
      name,
      columns.filter((one) => !data.includes(one)),
    );
  const list = `The columns are ${columns.join(", ")}.`;
  if (!columns.includes(target)) {
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
      `there is nothing to fit: all that ${name} takes are columns. A number whose name is no column is a parameter.`,
    );
  }
  if (data.length === 0 && parameters.length > 1) {
    throw new DownhillError(
      "option",
      `${name} takes no column, so ${parameters.join(", ")} would all be parameters. ${list}`,
    );
  }
  const others = columns.filter((one) => one !== target && !data.includes(one));
  return {
    model: (x, params) => {
      const onRows = vmap((own: Readonly<Record<string, Tensor>>): Tensor => {
        const numbers = names.map((one) => own[one] ?? params[one]!).values();
        return overTensors(...form.params.map(({ type }) => argumentOf(type, numbers))) as Tensor;
      });
      return onRows(x);
    },
    text: `${target} = ${name}(${names.join(", ")})`,
    target,
    columns: data,
    parameters,
    notes: notesOfSlips(parameters, others),
  };
}

/** The column that is fitted where none is named. */
function onlyTarget(name: string, free: readonly string[]): string {
  const found = free.includes("y") ? "y" : free.length === 1 ? free[0] : undefined;
  if (found !== undefined) return found;
  throw new DownhillError(
    "option",
    free.length === 0
      ? `fit: ${name} takes all columns, so that none is left to fit.`
      : `fit: say which column ${name} is to give: ${free[0]!} = file.ts#${name}. Left are ${free.join(", ")}.`,
  );
}

/** Names of the numbers that an argument holds, in order. */
function namesOf(form: PlainForm, name: string, type: PlainType): string[] {
  switch (type.kind) {
    case "number":
      if (type.integer !== true) return [name];
      throw wrongArgument(form, `${name} sets sizes, bounds or places and has no derivative`);
    case "record":
      return type.fields.flatMap((field) => namesOf(form, field.name, field.type));
    case "tuple":
      return type.items.flatMap((item, i) => namesOf(form, `${name}${i}`, item));
    case "boolean":
    case "array":
    case "matrix":
    case "list":
      throw wrongArgument(form, `${name} is ${type.kind === "boolean" ? "a boolean" : "an array"}`);
    default:
      return assertNever(type, "namesOf");
  }
}

function wrongArgument({ region }: PlainForm, what: string): DownhillError {
  return new DownhillError(
    "option",
    `fit: ${region.name} is to be a function of one row: of numbers, or of tuples or records of numbers; ${what}.`,
  );
}

/** An argument of a type from its numbers in order. */
function argumentOf(type: PlainType, numbers: Iterator<Tensor>): unknown {
  if (type.kind === "record") {
    return Object.fromEntries(type.fields.map((field) => [field.name, argumentOf(field.type, numbers)]));
  }
  if (type.kind === "tuple") return type.items.map((item) => argumentOf(item, numbers));
  return numbers.next().value;
}
