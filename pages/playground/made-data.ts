// Data for a fit, computed from the program, so that the fit of any program has a result before data are pasted.
import { key, normal } from "downhill/random";
import type { Readable } from "./answer.ts";

const rows = 21;
const noise = 0.02; // of the spread of the values
const usualColumns = ["x", "t", "time", "year"];

/**
 * A table of one number of the program, over its range, and of the values there with some noise. All other numbers are
 * parameters. `undefined` if the program has fewer than two numbers, or no spread of finite values.
 */
export function madeTable({ program, args, numbers }: Readable): string | undefined {
  const names = program.inputs.flatMap(({ name, kind }) => (kind === "number" ? [name] : []));
  const column = usualColumns.find((name) => names.includes(name)) ?? names[0];
  if (column === undefined || names.length < 2) return undefined;
  const at = program.inputs.findIndex(({ name }) => name === column);
  const [from, to] = numbers.find(({ name }) => name === column)!.range;
  const taken = program.inputs.map(({ name }) => name);
  const target = ["y", "z", "value", "result", "value2"].find((name) => !taken.includes(name))!;
  const points = Array.from({ length: rows }, (_, i) => {
    const x = Number((from + ((to - from) * i) / (rows - 1)).toPrecision(6));
    return { x, y: program.value(args.with(at, x)) };
  }).filter(({ y }) => Number.isFinite(y));
  const values = points.map(({ y }) => y);
  const spread = Math.max(...values) - Math.min(...values);
  if (!(spread > 0) || !Number.isFinite(spread)) return undefined;
  const errors = normal(key(0), rows).data();
  const lines = points.map(
    ({ x, y }, i) => `${x},${Number((y + noise * spread * errors[i]!).toPrecision(5))}`,
  );
  return `${column},${target}\n${lines.join("\n")}\n`;
}
