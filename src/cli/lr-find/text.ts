import { showNumber } from "../../pictures/viz/index.ts";
import { drawChart } from "../shared/chart.ts";
import type { Paint } from "../shared/style.ts";
import { showLoss } from "../train/output.ts";
import { highestDrawn, rateMarks, rateScale } from "./axes.ts";
import type { RangeTestReport } from "./found.ts";
import { counted } from "../shared/words.ts";

const widest = 100; // size of a chart in cells
const digits = 3;

/** Shows heading, chart and conclusions. */
export function showRange(found: RangeTestReport, paint: Paint, columns: number | undefined): string {
  const { range, isLinear, about, next } = found;
  const width = Math.min(widest, columns ?? 80);
  const scale = rateScale(range, isLinear);
  const top = highestDrawn(range);
  return [
    paint("dim", about),
    "",
    paint("bold", "Loss, averaged, against the learning rate"),
    ...drawChart({
      values: range.smoothed.map((loss) => Math.min(loss, top)),
      columns: width,
      lines: 13,
      unit: "rate",
      marks: rateMarks(scale),
    }),
    "",
    ...conclusions(found).map(([name, value]) => `${paint("bold", name)} ${value}`),
    ...(next === undefined ? [] : ["", paint("dim", "to train between them:"), next]),
    "",
  ].join("\n");
}

/** Returns the conclusions of the test, each as a name and a value. */
export function conclusions({ range }: RangeTestReport): (readonly [name: string, value: string])[] {
  const { rates, smoothed, best, stopped, suggestion } = range;
  const rate = (value: number): string => showNumber(value, digits);
  const n = rates.length;
  const last = rate(rates[n - 1]!);
  const end = {
    finished: `all ${n} steps were taken, up to a rate of ${last}`,
    diverged: `after ${counted(n, "step")}, at a rate of ${last}, the loss had risen too far`,
    aborted: `stopped after ${counted(n, "step")}, at a rate of ${last}`,
  }[stopped];
  const low: readonly [string, string] = [
    "lowest loss",
    `${showLoss(smoothed[best]!)} at a rate of ${rate(rates[best]!)}, from ${showLoss(smoothed[0]!)}`,
  ];
  if (suggestion === null) {
    return [
      [
        "nothing found:",
        `no rate lowered the loss by more than its noise; ${end}. Try another --from and --to.`,
      ],
    ];
  }
  const isOpen = best === n - 1;
  return [
    ["base", `${rate(suggestion.base)}  the lowest rate to use: the loss begins to fall`],
    ["max ", `${rate(suggestion.max)}  the highest: the fall is nearly over`],
    ["lr  ", `${rate(suggestion.steepest)}  for a constant rate: the loss falls most`],
    low,
    ["end", isOpen ? `${end}; the loss was still falling, so try a higher --to` : end],
  ];
}
