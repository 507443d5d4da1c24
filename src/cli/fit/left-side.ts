import { tensor } from "../../numeric/array/create.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { compileText, showExpr } from "../../numeric/syntax/index.ts";
import type { TextExpr } from "../../numeric/syntax/ast.ts";
import { TextError } from "../../numeric/syntax/span.ts";
import { tokenize } from "../../numeric/syntax/token.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { FitRows } from "./columns.ts";

/** A left side that is an expression of columns, as in `log(y) = a + b*x`. Its values are fitted. */
export interface LeftSide {
  readonly text: string;
  /** Columns that it uses, in order of appearance. */
  readonly columns: readonly string[];
  /**
   * Returns the value of the expression for each row.
   *
   * @throws DownhillError `data` for a value that is not finite, with its row.
   */
  readonly values: (table: string, data: FitRows) => Float64Array;
  /** The column as a function of the left side; `undefined` if it occurs twice or no inverse is known. */
  readonly inverse: ((value: number) => number) | undefined;
}

/** A formula whose left side is an expression, with a name of the same length in place of the expression. */
interface SplitFormula {
  readonly left: string;
  readonly name: string;
  readonly text: string;
}

/**
 * Splits off the left side of the last statement, and replaces it by a new name; `undefined` if it is a name or
 * absent.
 */
export function splitLeftSide(text: string, columns: readonly string[]): SplitFormula | undefined {
  const tokens = tokenize(text);
  let from = 0;
  tokens.forEach((token, i) => {
    const next = tokens[i + 1]?.kind;
    if (token.kind === "separator" && next !== "separator" && next !== "end") from = i + 1;
  });
  const equals = tokens.findIndex((token, i) => i >= from && token.kind === "mark" && token.mark === "=");
  if (equals <= from || (equals === from + 1 && tokens[from]!.kind === "name")) return undefined;
  const [start, end] = [tokens[from]!.span.start, tokens[equals - 1]!.span.end];
  const name = ["_", "$"].map((mark) => mark.repeat(end - start)).find((one) => !columns.includes(one))!;
  return { left: text.slice(start, end), name, text: text.slice(0, start) + name + text.slice(end) };
}

/**
 * Calls `read` for a split formula. Error messages show the left side as the user wrote it, instead of the name in its
 * place.
 */
export function asWritten<T>({ left, name }: SplitFormula, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof TextError ? new TextError(error.message.replaceAll(name, left), error) : error;
  }
}

/**
 * Reads a left side for a table with these columns.
 *
 * @throws DownhillError `syntax` with a caret; `option` for a name that is not a column, or a left side without a
 *   column.
 */
export function readLeftSide(left: string, table: string, columns: readonly string[]): LeftSide {
  const compiled = compileText(left, { names: columns });
  const { inputs, statements } = compiled;
  const expression = statements.at(-1)!.value;
  const text = showExpr(expression);
  const list = `The columns are ${columns.join(", ")}.`;
  const unknown = inputs.find((name) => !columns.includes(name));
  if (unknown !== undefined || inputs.length === 0) {
    throw new DownhillError(
      "option",
      unknown === undefined
        ? `the left side ${text} contains no column of ${table}. ${list}`
        : `the left side ${text} contains ${unknown}, which is not a column of ${table}.${didYouMean(unknown, columns)} ` +
            `It is computed from the data only: parameters belong on the right. ${list}`,
    );
  }
  return {
    text,
    columns: inputs,
    values(name, data) {
      const out = compiled.evaluate(inputs.map((column) => tensor(data.columns.get(column)!))).data();
      const row = out.findIndex((value) => !Number.isFinite(value));
      if (row < 0) return Float64Array.from(out);
      const where = data.lines === undefined ? `row ${row + 1}` : `line ${data.lines[row]!}`;
      const given = inputs.map((column) => `${column} is ${data.columns.get(column)![row]!}`).join(" and ");
      throw new DownhillError(
        "data",
        `${name}: ${where}: ${text} is ${out[row]!}, because ${given}. Correct the row or take it out.`,
      );
    },
    inverse: inputs.length === 1 ? inverseOf(expression) : undefined,
  };
}

type UnaryInverse = (value: number) => number;

/**
 * Returns a function from the value of an expression to the only name in it: it solves `expression = value`.
 * `undefined` if an operation in the expression has no known inverse.
 */
function inverseOf(expression: TextExpr): UnaryInverse | undefined {
  const within = (part: TextExpr, peel: UnaryInverse): UnaryInverse | undefined => {
    const inner = inverseOf(part);
    return inner && ((value) => inner(peel(value)));
  };
  switch (expression.kind) {
    case "number":
      return undefined;
    case "name":
      return (value) => value;
    case "negate":
      return within(expression.x, (value) => -value);
    case "call": {
      const peel = inverses.get(expression.name);
      return peel && within(expression.args[0]!, peel);
    }
    case "binary": {
      const { operator, x, y } = expression;
      const [first, second] = [constantOf(x), constantOf(y)];
      if (first !== undefined) {
        const peel = afterConstant[operator];
        return peel && within(y, (value) => peel(value, first));
      }
      const peel = second === undefined ? undefined : beforeConstant[operator];
      return peel && within(x, (value) => peel(value, second!));
    }
    default:
      return assertNever(expression, "inverseOf");
  }
}

function constantOf(expression: TextExpr): number | undefined {
  if (expression.kind === "number") return expression.value;
  const inner = expression.kind === "negate" ? constantOf(expression.x) : undefined;
  return inner === undefined ? undefined : -inner;
}

const inverses: ReadonlyMap<string, UnaryInverse> = new Map<string, UnaryInverse>([
  ["log", Math.exp],
  ["ln", Math.exp],
  ["log10", (value) => 10 ** value],
  ["log2", (value) => 2 ** value],
  ["exp", Math.log],
  ["sqrt", (value) => (value < 0 ? Number.NaN : value ** 2)],
]);

type BinaryInverse = (value: number, constant: number) => number;
/** For each operator, a function that solves `constant ∘ y = value` for y. */
const afterConstant: Readonly<Record<string, BinaryInverse>> = {
  "+": (value, constant) => value - constant,
  "-": (value, constant) => constant - value,
  "*": (value, constant) => value / constant,
  "/": (value, constant) => constant / value,
};
/** For each operator, a function that solves `y ∘ constant = value` for y. */
const beforeConstant: Readonly<Record<string, BinaryInverse>> = {
  "+": (value, constant) => value - constant,
  "-": (value, constant) => value + constant,
  "*": (value, constant) => value / constant,
  "/": (value, constant) => value * constant,
};
