import type {
  Check,
  ForwardPass,
  ReverseLine,
  ShownValue,
  TraceLine,
  TraceTable,
} from "../../pictures/viz/index.ts";
import { showNumber, showValue } from "../../pictures/viz/index.ts";
import { isComparable } from "../../pictures/viz/table.ts";
import { visible } from "../help.ts";
import type { Paint } from "../shared/style.ts";
import { wrapLine } from "../shared/wrap.ts";

const digits = 7;

/** Shows the traces as text for a terminal or a file, in aligned columns. */
export function showTrace(table: TraceTable, paint: Paint, columns: number | undefined): string {
  const context: TraceTextStyle = {
    paint,
    columns,
    isSymbolic: table.inputs.every(({ value }) => value === null),
  };
  return [
    programSection(table, context),
    ...table.forward.map((pass) => forwardSection(table, pass, context)),
    reverseSection(table, context),
    storedSection(table, context),
    affectsSection(table, context),
    ...(table.check === null ? [] : [checkSection(table, table.check, context)]),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.flatMap((line) => wrapLine(line.trimEnd(), columns)).join("\n")}\n`)
    .join("\n");
}

interface TraceTextStyle {
  readonly paint: Paint;
  /** Width of the terminal, if there is one. */
  readonly columns: number | undefined;
  readonly isSymbolic: boolean;
}

function shownValue(shown: ShownValue): string {
  return typeof shown === "number" ? showNumber(shown, digits) : showValue(shown);
}

/** Formats a value as `= 6`; empty text for unknown values. */
function equals(shown: ShownValue, { paint }: TraceTextStyle): string {
  return shown === null ? "" : `= ${paint("cyan", shownValue(shown))}`;
}

const fewNamed = 10; // names shown of a long list
const stillNamed = 13; // a list that is slightly longer is shown whole

/** Formats names as `a, b, c`. A long list is shortened to its first names and the number of the remaining ones. */
function listed(names: readonly string[]): string {
  if (names.length <= stillNamed) return names.join(", ");
  return `${names.slice(0, fewNamed).join(", ")}, … and ${(names.length - fewNamed).toLocaleString("en")} more`;
}

const widest = 44; // a longer cell shifts the next cells instead of widening its column

/** Aligns the cells of each column. Cells wider than `widest` do not count for its width. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      const width = visible(cell);
      if (width <= widest) widths[i] = Math.max(widths[i] ?? 0, width);
    });
  }
  const pad = (cell: string, i: number): string =>
    cell + " ".repeat(Math.max(0, (widths[i] ?? 0) - visible(cell)) + 3);
  return rows.map((row) => row.map(pad).join("").trimEnd());
}

/**
 * Aligns the rows in columns if they fit the terminal. Otherwise the cells from column `stacked` on move to a line of
 * their own.
 */
function alignOrStack(
  rows: readonly (readonly string[])[],
  stacked: number,
  { columns }: TraceTextStyle,
): string[] {
  const wide = align(rows);
  if (columns === undefined || wide.every((line) => visible(line) <= columns)) return wide;
  return rows.flatMap((row) => [row.slice(0, stacked).join("  "), `      ${row.slice(stacked).join("  ")}`]);
}

function programSection(table: TraceTable, context: TraceTextStyle): string[] {
  const { paint, isSymbolic } = context;
  const storedAt = new Map<string, string[]>();
  for (const { at, name, value: formula } of table.stored) {
    storedAt.set(at, [...(storedAt.get(at) ?? []), name === formula ? name : `${name} = ${formula}`]);
  }
  const mark = (name: string): string => {
    const kept = storedAt.get(name);
    return kept === undefined ? "" : paint("yellow", `stored: ${listed(kept)}`);
  };
  const inputs = table.inputs.map(({ name, value: shown, type }): string[] => {
    const unknown = isSymbolic ? `= ? ${type === "f64[]" ? "" : type}` : equals(shown, context);
    return [`  ${name}`, unknown, mark(name)];
  });
  const lines = table.program.flatMap((line) => programLine(line, "  ", context, mark(line.name)));
  const [out = ""] = table.outputs;
  // For a formula the table holds the name of the result. `z = a` adds no line to the program, which computes only `a`.
  const result = typeof table.value === "object" ? null : table.value;
  const named = out === table.name ? [] : [[`  ${table.name} = ${out}`, equals(result, context)]];
  return [paint("bold", "Program"), ...align([...inputs, ...lines, ...named])];
}

function programLine(line: TraceLine, indent: string, context: TraceTextStyle, mark: string): string[][] {
  const bodies = line.bodies.flatMap((body) => [
    [
      `${indent}    ${context.paint("dim", `${body.name}(${body.inputs.join(", ")}) gives ${body.outputs.join(", ")}`)}`,
    ],
    ...body.lines.flatMap((inner) => programLine(inner, `${indent}      `, context, "")),
  ]);
  return [[`${indent}${line.text}`, equals(line.value, context), mark], ...bodies];
}

function forwardSection(table: TraceTable, { seed, lines }: ForwardPass, context: TraceTextStyle): string[] {
  const { paint, isSymbolic } = context;
  const tangents = new Map(lines.map(({ name, tangent }) => [name, tangent.name]));
  const seeds = Object.entries(seed).map(
    ([name, shown]) => `${tangents.get(name) ?? name} = ${isSymbolic ? "?" : shownValue(shown)}`,
  );
  const rows = lines.map(({ text, value: shown, tangent }) => [
    `  ${text}`,
    equals(shown, context),
    tangent.text,
    tangent.value === null ? "" : `= ${paint("magenta", shownValue(tangent.value))}`,
  ]);
  const out = lines.find(({ name }) => name === table.outputs[0]);
  const title = seeds.length === 0 ? "Forward mode" : `Forward mode with ${listed(seeds)}`;
  const result =
    out === undefined || out.tangent.value === null
      ? []
      : [
          `  ${paint("dim", "result:")} ${meaning(out.name, seed)}${out.tangent.name} = ${paint("magenta", shownValue(out.tangent.value))}`,
        ];
  return [paint("bold", title), ...alignOrStack(rows, 2, context), ...result];
}

/**
 * Formats the meaning of a tangent, such as `∂z/∂x = `, if the seed is 1 for one input and 0 for all others. Otherwise
 * returns empty text.
 */
function meaning(out: string, seed: ForwardPass["seed"]): string {
  const moved = Object.entries(seed).filter(([, dx]) => dx !== 0);
  const [only] = moved;
  return moved.length === 1 && only?.[1] === 1 ? `∂${out}/∂${only[0]} = ` : "";
}

function reverseSection(table: TraceTable, context: TraceTextStyle): string[] {
  const { paint } = context;
  const seed = table.reverse.find((line) => line.kind === "seed");
  if (seed === undefined && table.reverse.length === 0)
    return [paint("bold", "Reverse mode"), "  the result depends on no input"];
  const title = seed === undefined ? "Reverse mode" : `Reverse mode from ${seed.name} = 1 back to the inputs`;
  const texts = new Map(table.program.map((line) => [line.name, line.text]));
  const groups: { readonly head: string | undefined; readonly row: string[] }[] = [];
  let from: string | undefined;
  for (const line of table.reverse) {
    const isNew = line.kind === "contribution" && line.from !== from;
    from = line.kind === "contribution" ? line.from : undefined;
    const head =
      isNew && line.kind === "contribution"
        ? `  ${texts.get(line.from) ?? line.from}   ${paint("dim", `transposed: ${line.rule}`)}`
        : undefined;
    groups.push({ head, row: reverseRow(line, context) });
  }
  const rows = alignOrStack(
    groups.map(({ row }) => row),
    2,
    { ...context, columns: undefined },
  );
  const body = groups.flatMap(({ head }, i) => [...(head === undefined ? [] : [head]), rows[i] ?? ""]);
  return [paint("bold", title), ...body, ...gradientLines(table, context)];
}

function reverseRow(line: ReverseLine, context: TraceTextStyle): string[] {
  const { paint } = context;
  const sum = line.kind === "sum" || line.kind === "none" || line.kind === "seed";
  const shown = line.value === null ? "" : `= ${paint("magenta", shownValue(line.value))}`;
  const text = `${sum ? "  " : "    "}${line.text}`;
  switch (line.kind) {
    case "seed":
      return [text, "", paint("dim", "seed")];
    case "contribution":
      return [text, shown, line.uses.length === 0 ? "" : paint("yellow", `uses ${line.uses.join(", ")}`)];
    case "sum":
      return [
        paint("bold", text),
        shown,
        paint("dim", `sum of ${line.from.length} from ${listed([...new Set(line.from)])}`),
      ];
    case "none":
      return [text, "", paint("dim", "the result does not depend on it")];
    default:
      return line satisfies never;
  }
}

function gradientLines(table: TraceTable, { paint, isSymbolic }: TraceTextStyle): string[] {
  if (isSymbolic) return [];
  const adjoints = new Map(table.reverse.map((line) => [line.of, line]));
  const parts = table.inputs.flatMap(({ name, differentiated }) => {
    const line = adjoints.get(name);
    return differentiated && line !== undefined
      ? [`${line.name} = ${paint("magenta", shownValue(line.value))}`]
      : [];
  });
  // The last line of an input's adjoint holds its whole value: the only contribution, or the sum.
  return parts.length === 0 ? [] : [`  ${paint("dim", "gradient:")} ${listed(parts)}`];
}

function storedSection(table: TraceTable, { paint }: TraceTextStyle): string[] {
  if (table.stored.length === 0) return [];
  const adjoints = new Map(table.reverse.map((line) => [line.of, line.name]));
  const rows = table.stored.map(({ name, at, usedBy }) => [
    `  ${paint("yellow", name)}`,
    at === name ? "" : `kept at ${at}`,
    `used again for ${listed(usedBy.map(({ from, to }) => `${adjoints.get(to) ?? to} from ${from}`))}`,
  ]);
  return [paint("bold", "Stored in the forward pass"), ...align(rows)];
}

function affectsSection({ affects, outputs }: TraceTable, { paint }: TraceTextStyle): string[] {
  const lines = Object.entries(affects).map(([name, names]) => {
    if (names.length > 0) return `  ${name} affects ${listed(names)}`;
    return outputs.includes(name) ? `  ${name} is the result itself` : `  ${name} affects nothing`;
  });
  return lines.length === 0 ? [] : [paint("bold", "What each input can affect"), ...lines];
}

function checkSection(table: TraceTable, check: Check, { paint }: TraceTextStyle): string[] {
  const names = new Map(table.reverse.map((line) => [line.of, line.name]));
  if (check.entries.length === 0) return []; // no input is differentiated
  const rows = check.entries.map((entry) => {
    const { of, gradient, difference, error, ok, kink } = entry;
    const start = [`  ${names.get(of) ?? of}`, `= ${showNumber(gradient, 10)}`];
    if (!isComparable(entry))
      return [...start, paint("yellow", "the values nearby are not finite: nothing to compare with")];
    if (kink !== null) {
      const [left, right] = kink.map((slope) => showNumber(Number(slope.toFixed(4)), 5));
      const words = `a kink: slope ${left} on the left, ${right} on the right`;
      return [
        ...start,
        ok ? paint("yellow", `${words}; ${showNumber(gradient, 5)} is a convention`) : paint("red", words),
      ];
    }
    return [
      ...start,
      `difference ${showNumber(difference, 10)}`,
      `error ${showNumber(error, 2)}`,
      ok ? paint("green", "ok") : paint("red", "differs"),
    ];
  });
  const skipped = check.skipped === 0 ? [] : [`  ${check.skipped} more elements were not checked`];
  return [paint("bold", "Check against central differences"), ...align(rows), ...skipped];
}
