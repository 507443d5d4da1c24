import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { compileText, showExpr } from "../../numeric/syntax/index.ts";
import { postOrder } from "../../numeric/syntax/ast.ts";
import { constants, functions } from "../../numeric/syntax/functions.ts";
import { parse } from "../../numeric/syntax/parse.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { asWritten, type LeftSide, readLeftSide, splitLeftSide } from "./left-side.ts";
import { formulaCode, type ModelCode } from "./program.ts";
import { didYouMean, suggest } from "../../engine/util/suggest.ts";

/** Columns by name, as passed to the model. */
export type ColumnTensors = Readonly<Record<string, Tensor>>;

/** A formula, or a function in a file, whose names are resolved to data or parameters. */
export interface FitFormula {
  /** Computes the fitted column from columns and parameters. */
  readonly model: (x: ColumnTensors, params: ColumnTensors) => Tensor;
  /** The formula in one line, such as `y = a * exp(-b * x) + c`. */
  readonly text: string;
  /** The fitted quantity: the name of a column, or the left side as written. */
  readonly target: string;
  /** The left side, if it is an expression of columns instead of a name. */
  readonly left?: LeftSide;
  /** Columns that the formula uses, in order of appearance. */
  readonly columns: readonly string[];
  /** True if the model is computed from all rows at once, so that it has no values between the rows. */
  readonly isOfColumns?: boolean;
  readonly parameters: readonly string[];
  /** The model as code, if a program of one file can contain it. */
  readonly code: ModelCode | undefined;
  /** Notes on likely misreadings. */
  readonly notes: readonly string[];
}

/**
 * Reads a formula for a table with these columns. A column whose name is not valid in formulas (`adjusted CO2`) gets a
 * name in which the other characters are `_`. A column takes precedence over a constant or function of the same name:
 * `e` is the column if there is one, else 2.718…; `max(x, y)` is always a call.
 *
 * The left side is a column, or an expression of columns, such as in `log(y) = a + b*x`.
 *
 * @throws DownhillError `syntax` with a caret; `option` if the result is not a column, or if there is no parameter to
 *   fit.
 */
export function readFormula(text: string, table: string, columns: readonly string[]): FitFormula {
  const split = splitLeftSide(text, columns);
  if (split === undefined) return readStatements(text, table, columns, undefined);
  const left = readLeftSide(split.left, table, columns);
  return asWritten(split, () => readStatements(split.text, table, columns, left));
}

function readStatements(
  text: string,
  table: string,
  columns: readonly string[],
  left: LeftSide | undefined,
): FitFormula {
  const compiled = compileText(text, { names: columns });
  const { inputs, outputName, statements } = compiled;
  const target = left?.text ?? outputName;
  const list = `The columns are ${columns.join(", ")}.`;
  if (parse(text).at(-1)?.name === undefined) {
    const free = columns.filter((name) => !inputs.includes(name));
    const guess = free.includes("y") ? "y" : (free[0] ?? columns[0]!);
    throw new DownhillError(
      "option",
      `the formula must name the column that it describes: write ${guess} = ${text.trim()}. ${list}`,
    );
  }
  if (left === undefined && !columns.includes(target)) {
    throw new DownhillError(
      "option",
      `${table} has no column ${JSON.stringify(target)} to fit.${didYouMean(target, columns)} ${list}`,
    );
  }
  const hidden = statements.slice(0, -1).find(({ name }) => columns.includes(name));
  if (hidden !== undefined) {
    throw new DownhillError(
      "option",
      `${hidden.name} is a column of ${table}: rename the variable that the formula defines.`,
    );
  }
  const data = inputs.filter((name) => columns.includes(name));
  refuseBothSides(left, data);
  const parameters = inputs.filter((name) => !columns.includes(name));
  if (parameters.length === 0) {
    throw new DownhillError(
      "option",
      `there is nothing to fit: all names of the formula are columns. A name that is not a column is a parameter, as in ${target} = a * ${data[0] ?? "x"}.`,
    );
  }
  const fitted = left?.columns ?? [target];
  const others = columns.filter((name) => !fitted.includes(name) && !data.includes(name));
  if (data.length === 0 && parameters.length > 1) {
    const meant = parameters.flatMap((name) => {
      const near = columnNear(name, others);
      return near === undefined ? [] : [` Is the column ${near} meant by ${name}?`];
    });
    throw new DownhillError(
      "option",
      `the formula uses no column but ${target}, so ${parameters.join(", ")} would all be parameters.${meant[0] ?? ""} ${list}`,
    );
  }
  const uses = (word: string): boolean =>
    statements.some(({ value }) =>
      postOrder(value).some((part) => part.kind === "name" && part.name === word),
    );
  const lines = statements.map(
    ({ name, value }, i) => `${i === statements.length - 1 ? target : name} = ${showExpr(value)}`,
  );
  return {
    model: (x, params) => compiled.evaluate(inputs.map((name) => x[name] ?? params[name]!)),
    text: lines.join("; "),
    target,
    ...(left === undefined ? {} : { left }),
    columns: data,
    parameters,
    code: formulaCode(compiled, text, { columns, data }),
    notes: [
      ...notesOfLeftSide(left),
      ...notesOfSlips(parameters, others),
      ...data
        .filter((name) => constants.has(name) || functions.has(name))
        .map((name) => `${name} is the column of ${table} here, not the ${meaningOf(name)}.`),
      ...(uses("e") && !columns.includes("e") ? ["e is the number 2.718… here, not a parameter."] : []),
    ],
  };
}

/**
 * Checks that the columns on the left side of a formula do not occur on its right side.
 *
 * @throws DownhillError `option` if the model uses a column of the left side.
 */
export function refuseBothSides(left: LeftSide | undefined, data: readonly string[]): void {
  const both = left?.columns.find((name) => data.includes(name));
  if (both === undefined) return;
  throw new DownhillError(
    "option",
    `the column ${both} is on both sides: ${left!.text} cannot be fitted by itself.`,
  );
}

/**
 * Returns a note on the quantity to which residuals, R² and errors refer if the left side is an expression. Otherwise
 * empty.
 */
export function notesOfLeftSide(left: LeftSide | undefined): string[] {
  if (left === undefined) return [];
  const { text, columns, inverse } = left;
  return [
    `Residuals, R² and the errors of parameters are those of ${text}, and --sigma and --weights count there.`,
    ...(inverse === undefined
      ? []
      : [
          `Fitted values of ${columns[0]!} are solved from those of ${text}: they estimate its median, not its mean.`,
        ]),
  ];
}

/** Returns a note for each parameter whose name resembles that of a column, which the user may have meant. */
export function notesOfSlips(parameters: readonly string[], columns: readonly string[]): string[] {
  return parameters.flatMap((name) => {
    const near = columnNear(name, columns);
    return near === undefined
      ? []
      : [`${name} is not a column, so it is a parameter. Is the column ${near} meant?`];
  });
}

function meaningOf(name: string): string {
  const constant = constants.get(name);
  return constant === undefined ? "function" : `number ${showNumber(constant, 4)}`;
}

/**
 * Returns the column whose name a parameter may misspell. A name of a single letter resembles too many others, so it
 * only matches in another case. `undefined` if no column is similar.
 */
function columnNear(name: string, columns: readonly string[]): string | undefined {
  if (name.length > 1) return suggest(name, columns);
  return columns.find((column) => column.toLowerCase() === name.toLowerCase());
}

/** Returns the name of a column in formulas: characters that names cannot contain become `_`. */
export function nameInFormula(column: string): string {
  const plain = column
    .normalize("NFC")
    .trim()
    .replaceAll(/[^\p{ID_Continue}$]+/gu, "_");
  return /^[\p{ID_Start}_$]/u.test(plain) ? plain : `_${plain}`;
}
