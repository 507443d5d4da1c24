import { parseNumber } from "../../training/io/cells.ts";
import type { Table } from "../../training/io/index.ts";
import type { Prediction } from "./predictions.ts";

/**
 * Formats the table as separated text with the additional columns `predicted` and, for classes, `probability CLASS`.
 * Cells of rows without a prediction are empty there.
 *
 * @param isEscaped true prefixes texts that spreadsheets take for formulas with an apostrophe
 */
export function showTable(
  table: Table,
  classes: readonly string[],
  predictions: readonly Prediction[],
  isEscaped: boolean,
): string {
  const own = table.columns.map(({ name }) => name);
  const added = ["predicted", ...classes.map((name) => `probability ${name}`)].map((name) =>
    otherThan(own, name),
  );
  const cell = (value: number | string | undefined): string => showCell(value, isEscaped);
  const lines = [[...own, ...added].map(cell).join(",")];
  predictions.forEach(({ predicted, probabilities }, row) => {
    const before = table.columns.map(({ values }) => values[row]!);
    const after = classes.map((_, k) => probabilities[k]);
    lines.push([...before, predicted, ...after].map(cell).join(","));
  });
  return `${lines.join("\n")}\n`;
}

function showCell(value: number | string | undefined, isEscaped: boolean): string {
  if (value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(value);
  const text = isEscaped && isFormula(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * True if spreadsheets may evaluate a cell with this text. Some of them drop a leading tab or line break. A number such
 * as -5 is harmless.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function isFormula(text: string): boolean {
  return /^\s*[=+\-@]/.test(text) && parseNumber(text) === undefined;
}

/** Returns a name that no column has: the name itself, or the name with a suffix. */
function otherThan(names: readonly string[], name: string): string {
  return names.includes(name) ? otherThan(names, `${name} 2`) : name;
}
