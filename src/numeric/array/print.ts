import { showType } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";

/** Largest number of elements shown in full; larger arrays show the first and last three along each axis. */
const summaryFrom = 1000;
const edge = 3;

/**
 * The elements as text in the style of NumPy: aligned columns, eight significant digits (six for float32); a scalar in
 * full. Large arrays are shortened, and an array without known elements shows its type.
 */
export function format(x: Tensor): string {
  if (!isAtHand(x)) return `${x.tracer === undefined ? "Awaited" : "Traced"}(${showType(x.type)})`;
  const flat = readElements(x, "toString");
  if (x.shape.length === 0) return showScalar(flat[0]!, x.dtype);
  const summarize = flat.length > summaryFrom;
  const shown: string[] = [];
  const visit = (axis: number, start: number, size: number): void => {
    if (axis === x.shape.length) {
      shown.push(showElement(flat[start]!, x.dtype));
      return;
    }
    const n = x.shape[axis]!;
    for (const i of visibleItems(n, summarize)) visit(axis + 1, start + i * (size / n), size / n);
  };
  if (flat.length > 0) visit(0, 0, flat.length);
  const width = Math.max(0, ...shown.map((text) => text.length));
  let next = 0;
  const build = (axis: number, indent: string): string => {
    if (axis === x.shape.length) return shown[next++]!.padStart(width);
    const n = x.shape[axis]!;
    const separator =
      axis === x.shape.length - 1 ? ", " : `,${"\n".repeat(x.shape.length - 1 - axis)}${indent} `;
    const items = visibleItems(n, summarize).map(() => build(axis + 1, `${indent} `));
    if (items.length < n) items.splice(edge, 0, "…");
    return `[${items.join(separator)}]`;
  };
  return flat.length === 0 ? `[] (shape [${x.shape.join(",")}])` : build(0, "");
}

/** Text that `console.log` shows: the elements, with the type unless x is a float64 scalar. */
export function inspect(x: Tensor): string {
  const text = format(x);
  if (!isAtHand(x) || (x.shape.length === 0 && x.dtype === "float64")) return text;
  return text.includes("\n") ? `${showType(x.type)}\n${text}` : `${showType(x.type)} ${text}`;
}

/** Representations in a notebook by media type: a table for a matrix, and text. */
export function notebookMedia(x: Tensor): Readonly<Record<string, string>> {
  const text = { "text/plain": inspect(x) };
  if (!isAtHand(x) || x.shape.length !== 2) return text;
  const flat = readElements(x, "toString");
  const [rows, columns] = x.shape as readonly [number, number];
  const summarize = flat.length > summaryFrom;
  const lineOf = (i: number): string => {
    const cells = visibleItems(columns, summarize).map(
      (j) => `<td>${showElement(flat[i * columns + j]!, x.dtype)}</td>`,
    );
    if (cells.length < columns) cells.splice(edge, 0, "<td>…</td>");
    return `<tr>${cells.join("")}</tr>`;
  };
  const lines = visibleItems(rows, summarize).map(lineOf);
  if (lines.length < rows) lines.splice(edge, 0, "<tr><td>⋮</td></tr>");
  return { ...text, "text/html": `<table><caption>${showType(x.type)}</caption>${lines.join("")}</table>` };
}

function visibleItems(n: number, summarize: boolean): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  return summarize && n > 2 * edge ? [...all.slice(0, edge), ...all.slice(-edge)] : all;
}

function showScalar(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "float32" && Number.isFinite(value)) return shortestFloat32(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The shortest decimal that rounds to this float32. */
function shortestFloat32(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

function showElement(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (!Number.isFinite(value) || Number.isInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  return String(Number(value.toPrecision(dtype === "float32" ? 6 : 8)));
}
