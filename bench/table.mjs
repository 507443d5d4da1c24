// Prints a row as lines of text.
import { baseOf } from "./summary.mjs";
import { digits, speedup } from "./units.mjs";

/**
 * A row with its measurements, one line each: median, best, and speed relative to downhill in the same setting.
 *
 * @param {{ name: string, title: string, unit: string, lacks?: Record<string, string> }} row
 * @param {import("./measure.mjs").Measurement[]} measurements
 */
export function showRow({ name, title, unit, lacks = {} }, measurements) {
  const lines = measurements.map((one) => {
    const { contestant, mode, threads, node, median, best, reason } = one;
    const setting = [
      contestant.padEnd(10),
      `node ${/\d+/.exec(node)?.[0]}`,
      mode.padEnd(5),
      `${threads} thr.`,
    ].join("  ");
    if (median === null) return `  ${setting}  ${reason}`;
    const ratio = speedup(unit, median, baseOf(measurements, one)?.median);
    return [
      `  ${setting}`,
      `${digits(median)} ${unit}`.padStart(16),
      `best ${digits(best)}`.padStart(14),
      ratio === undefined ? "" : `${digits(ratio)}x`.padStart(9),
    ]
      .join("  ")
      .trimEnd();
  });
  const without = Object.entries(lacks).map(
    ([contestant, reason]) => `  ${contestant.padEnd(10)}  ${reason}`,
  );
  return [`\n${name}: ${title}`, ...lines, ...without].join("\n");
}
