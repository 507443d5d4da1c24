import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill fit`. */
export const fitEntry: LazyCommand = {
  description: "Fit a formula to data: parameters with errors, residuals, a picture",
  examples: [
    [
      `downhill fit data.csv "y = a*exp(-b*x) + c"`,
      "y and x are columns; a, b and c are found, with no start values",
    ],
    [
      `downhill fit co2 "co2 = a + b*(year-1990) + c*(year-1990)^2 + A*sin(2*pi*f*(year-1990) + p)" --out co2.html`,
      "CO2 at Mauna Loa, part of downhill: trend, season and its frequency; with a page to look at",
    ],
    [
      `downhill fit data.csv "y = V*x/(K + x)" --start V=9 --bounds K=0:,V=0:100`,
      "a start for one parameter, and bounds: K of 0 or more, V from 0 to 100",
    ],
    [
      `downhill fit data.csv "y = a + b*x" --sigma err --loss soft-l1`,
      "errors of y in a column, and outliers that count less",
    ],
    [
      `downhill fit data.csv "y = decay.ts#decay" --start rate=1`,
      `a TypeScript function of one row, marked "use ad": loops and branches too`,
    ],
    [
      `downhill fit data.csv "log(y) = a + b*x"`,
      "an expression of a column on the left: residuals are those of log(y), the picture shows y too",
    ],
    [
      'downhill fit data.csv "y = a*exp(-b*x) + c" --where "a + c <= 5" --where "b >= 0"',
      "constraints of parameters; errors respect the active ones",
    ],
    [`downhill fit data.csv "z = a*x^b*t^c" --json`, "several columns; one JSON object for programs"],
  ],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).fitCommand),
};
