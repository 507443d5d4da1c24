import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  data: {
    type: "positional",
    required: true,
    valueHint: "data",
    description: "a CSV file (gzip or not), or co2, the set that is part of downhill",
  },
  formula: {
    type: "positional",
    required: true,
    valueHint: "formula",
    description:
      'as in "y = a*exp(-b*x) + c": names of columns are data (a column named e too), all others are parameters\nlog(y) = a + b*x: fits the values of an expression of columns; residuals, R² and errors are those of log(y)\ny = file.ts#name: a TypeScript function of one row, marked "use ad"; its numbers with names of columns are data;\n  or one of whole columns: arrays in, an array out\n- reads it from standard input',
  },
  start: {
    type: "string",
    valueHint: "a=1,b=2",
    description: "start values (default: those left out are searched for)",
  },
  bounds: {
    type: "string",
    valueHint: "a=0:10,b=0:",
    description: "lower and upper bounds of parameters; either may be omitted",
  },
  where: {
    type: "string",
    valueHint: '"a + b <= 1"',
    isRepeatable: true,
    description:
      "a constraint of parameters, with <=, >= or =, or two-sided as in 0 <= a - b <= 1; may be repeated",
  },
  sigma: { type: "string", valueHint: "column", description: "standard errors of the data" },
  "absolute-sigma": {
    type: "boolean",
    description: "take errors of parameters from --sigma alone, not from the residuals",
  },
  weights: { type: "string", valueHint: "column", description: "how much each row counts" },
  loss: {
    type: "string",
    valueHint: "word",
    description: "squares (default), or for outliers soft-l1, huber, cauchy, arctan, tukey or tolerant",
  },
  "loss-scale": {
    type: "string",
    valueHint: "s",
    description: "the size above which a residual counts less (default: estimated from the residuals)",
  },
  level: {
    type: "string",
    valueHint: "p",
    description: "the probability of confidence intervals and of the band",
    default: "0.95",
  },
  starts: { type: "string", valueHint: "N", description: "promising starts to follow", default: "12" },
  "max-iterations": {
    type: "string",
    valueHint: "N",
    description: "the most iterations of all starts together",
    default: "1000",
  },
  missing: {
    type: "string",
    valueHint: "word",
    description: "rows without a value in a column that is used: error, or drop (skip is the same)",
    default: "error",
  },
  decimal: {
    type: "string",
    valueHint: "word",
    description: "decimal separator, point or comma (default: by the numbers of the file)",
  },
  header: {
    type: "boolean",
    default: true,
    description: "the first line of the file is data: columns are column1, column2, …",
  },
  json: { type: "boolean", description: "write one JSON object, with fitted values and residuals" },
  out: { type: "string", valueHint: "file", description: "draw it to a file: out.svg, out.png or out.html" },
} as const;

/** Values of the options of `downhill fit`. */
export type FitRequest = OptionValues<typeof args>;

/** `downhill fit`: fits the parameters of a formula to data. */
export const fitCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const [{ runFit }, { plainModelText }] = await Promise.all([
      import("./run.ts"),
      import("./plain-text.ts"),
    ]);
    // `fit file.ts#name data.csv` is accepted too, because it is unambiguous
    const isReversed =
      plainModelText(given.data) !== undefined && plainModelText(given.formula) === undefined;
    const [data, formula] = isReversed ? [given.formula, given.data] : [given.data, given.formula];
    const text = formula === "-" ? terminal.stdin() : formula;
    return runFit({ ...given, data, formula: text }, terminal);
  },
};
