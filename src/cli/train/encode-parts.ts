import {
  encodeColumn,
  type FeatureInput,
  inputsOf,
  sizeOfRule,
  type UnknownCategory,
} from "../../training/data/encode-features.ts";
import {
  type Column,
  type FeatureEncoder,
  type FeatureRule,
  fitStandardiser,
  type Standardiser,
} from "../../training/data/index.ts";
import { standardised } from "../../training/data/standardise.ts";
import { columnOf, type Table } from "../../training/io/index.ts";

/** The inputs of a network for the parts of a table. */
export interface EncodedParts {
  /** One matrix per part, float32 of shape `[rows of the part, inputs]`. */
  readonly parts: readonly Column[];
  readonly inputs: readonly FeatureInput[];
  /** The standardisation of the inputs: of numbers by the training rows, of 0-1 indicators none. */
  readonly scale: Standardiser;
  /** Notes on inputs without information, unknown categories, and values far from the rest. */
  readonly notes: readonly string[];
}

/**
 * Encodes and standardises the rows of each part. The first part is the training part. Works column by column, so that
 * nothing but the table, one column and the float32 inputs is in memory.
 *
 * @param known the standardisation of an earlier run
 */
export function encodeParts(
  table: Table,
  encoder: FeatureEncoder,
  partition: readonly Int32Array[],
  known: Standardiser | undefined,
): EncodedParts {
  const training = partition[0]!;
  const inputs = inputsOf(encoder);
  const width = inputs.length;
  const data = partition.map((rows) => new Float32Array(rows.length * width));
  const { partOf, indexOf } = positionsOf(partition, table.rows);
  const write = (row: number, input: number, value: number): void => {
    data[partOf[row]!]![indexOf[row]! * width + input] = value;
  };
  const [mean, std, constant]: [number[], number[], number[]] = [[], [], []];
  const unknown: UnknownCategory[] = [];
  const spread: string[] = [];

  const encodeNumbers = (rule: FeatureRule & { kind: "number" }, input: number): void => {
    const values = new Float64Array(table.rows);
    const put = (row: number, which: number, value: number): void => {
      if (which === 0) values[row] = value;
      else write(row, input + which, value);
    };
    encodeColumn(table, rule, put);
    const scale = known
      ? { mean: [known.mean[input]!], std: [known.std[input]!], constant: [] }
      : fitStandardiser(values, { rows: training, names: [rule.column] });
    mean.push(scale.mean[0]!);
    std.push(scale.std[0]!);
    if (known ? known.constant.includes(input) : scale.constant.length > 0) constant.push(input);
    for (let row = 0; row < values.length; row++) {
      values[row] = standardised(values[row]!, scale.mean[0]!, scale.std[0]!);
      write(row, input, values[row]!);
    }
    if (!constant.includes(input)) spread.push(...notesOnSpread(table, rule.column, values, training));
  };

  for (const rule of encoder.columns) {
    const input = mean.length;
    if (rule.kind === "number") encodeNumbers(rule, input);
    else
      for (const one of encodeColumn(table, rule, (row, which, value) => write(row, input + which, value)))
        unknown.push(one);
    while (mean.length < input + sizeOfRule(rule)) {
      mean.push(0);
      std.push(1);
    }
  }
  const names = constant.map((i) => inputs[i]!.name).join(", ");
  return {
    parts: data.map((values, i) => ({
      shape: [partition[i]!.length, width],
      dtype: "float32",
      data: values,
    })),
    inputs,
    scale: known ?? { mean, std, constant },
    notes: [
      ...(names === "" ? [] : [`${names}: the same in all training rows, so it carries no information.`]),
      ...notesOnUnknown(unknown),
      ...spread,
    ],
  };
}

/** The part of each row, and the index of the row in its part. */
function positionsOf(
  partition: readonly Int32Array[],
  count: number,
): { readonly partOf: Uint8Array; readonly indexOf: Int32Array } {
  const [partOf, indexOf] = [new Uint8Array(count), new Int32Array(count)];
  partition.forEach((rows, part) =>
    rows.forEach((row, i) => {
      partOf[row] = part;
      indexOf[row] = i;
    }),
  );
  return { partOf, indexOf };
}

function notesOnUnknown(unknown: readonly UnknownCategory[]): string[] {
  const columns = [...new Set(unknown.map(({ column }) => column))];
  return columns.map((column) => {
    const found = unknown.filter((one) => one.column === column);
    const values = [...new Set(found.map(({ value }) => JSON.stringify(value)))];
    const list = values.length > 5 ? `${values.slice(0, 5).join(", ")}, …` : values.join(", ");
    const which = found.length === 1 ? "1 row has" : `${found.length} rows have`;
    return `${which} a ${JSON.stringify(column)} that no training row has (${list}): it counts as none of the categories.`;
  });
}

/**
 * Returns a note on a column whose values differ so much in size that most become equal when standardised in float32. A
 * single 1e300 among values of about 1 makes all others 0.
 *
 * @param scaled the standardised values of all rows
 * @param rows the training rows
 */
export function notesOnSpread(
  table: Table,
  name: string,
  scaled: ArrayLike<number>,
  rows: Int32Array,
): string[] {
  const column = columnOf(table, name);
  if (column.kind === "text") return [];
  const { values } = column;
  const left = countDistinct(gather(new Float32Array(rows.length), scaled, rows));
  if (2 * left > rows.length) return []; // the usual case: nothing else need be sorted
  const different = countDistinct(gather(new Float64Array(rows.length), values, rows));
  if (different < 3 || 2 * left > different) return [];
  const farthest = rows.reduce((most, row) =>
    Math.abs(scaled[row]!) > Math.abs(scaled[most]!) ? row : most,
  );
  const line = table.lines?.[farthest];
  const where = line === undefined ? `row ${farthest + 1}` : `line ${line}`;
  return [
    `${JSON.stringify(name)} is ${values[farthest]} in ${where}, so far from the rest that most of its values are the same to a network. Correct it, remove the row, or leave the column out.`,
  ];
}

function gather<T extends Float32Array | Float64Array>(to: T, from: ArrayLike<number>, rows: Int32Array): T {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!;
  return to;
}

/** The number of different values, as a `Set` would count them. Sorts the array: a set of a million numbers takes 50 MB. */
function countDistinct(values: Float32Array | Float64Array): number {
  values.sort();
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const isRepeated =
      i > 0 && (values[i] === values[i - 1] || (Number.isNaN(values[i]!) && Number.isNaN(values[i - 1]!)));
    if (!isRepeated) count++;
  }
  return count;
}
