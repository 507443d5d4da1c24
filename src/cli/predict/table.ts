import { parseNumber } from "../../training/io/cells.ts";
import type { Table } from "../../training/io/index.ts";
import type { Prediction } from "./predictions.ts";

/**
 * The table as separated text with the columns `predicted` and, of classes, `probability CLASS` after its own. Cells of rows without a
 * prediction are empty there.
 *
 * @param isEscaped whether texts that spreadsheets take for formulas get an apostrophe before them
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
 * Whether spreadsheets may evaluate a cell of this text. A tab or a line break at its start is dropped by some of them, and a text that is a
 * number, such as -5, is harmless.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function isFormula(text: string): boolean {
  return /^\s*[=+\-@]/.test(text) && parseNumber(text) === undefined;
}

/** A name, or one like it that no column has. */
function otherThan(names: readonly string[], name: string): string {
  return names.includes(name) ? otherThan(names, `${name} 2`) : name;
}
