import {
  type Classification,
  dropMissing,
  type FeatureEncoder,
  fitFeatures,
  fitStandardiser,
  iris,
  penguins,
  standardise,
  wine,
} from "../../training/data/index.ts";
import { missingValue } from "../../training/data/encode-features.ts";
import { checkFeatures, type PredictionTarget, targetOf } from "../../training/data/supervised.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { readAnyTable } from "../shared/read-table.ts";
import { notesInWords } from "../shared/table-words.ts";
import { counted, quote } from "../shared/words.ts";
import { columnOf, type Table, type TableColumn } from "../../training/io/index.ts";
import {
  checkCount,
  type TablePreprocessing,
  type DataPart,
  type LearningProblem,
  rowsOf,
  splitThrice,
  type LearningTask,
} from "./problem.ts";
import { encodeParts, notesOnSpread } from "./encode-parts.ts";
import type { DataSource } from "./source.ts";

type TableSource = DataSource & { readonly kind: "table" };

/** Loads a table of the user as a learning problem. */
export async function tableProblem(
  source: TableSource,
  seed: number,
  validation: number,
  learnt: TablePreprocessing | undefined,
): Promise<LearningProblem> {
  const { file, target, header, decimal, categories, missing, indicator, maxCategories } = source;
  const needed = source.features && [...new Set([...source.features, target, ...categories])];
  const whole = await readAnyTable(file, { header, decimal, text: categories, columns: needed });
  const left = [target, ...source.without].map((name) => columnOf(whole, name).name);
  const names =
    source.features ?? whole.columns.map(({ name }) => name).filter((name) => !left.includes(name));
  checkFeatures(whole, target, names);
  if (learnt !== undefined) checkSameColumns(file, names, learnt);
  // a missing target cannot be filled in: such rows carry no information
  const columns = missing === "drop" ? [...names, target] : [target];
  const { table, dropped } = dropMissing(whole, { columns });
  if (missing === "error" && dropped.length > 0)
    throw missingValue(whole, dropped[0]!.row, columnOf(whole, target), "", repairOfTarget);
  checkCount(file, table.rows);
  const goal = targetOf(table, target, source.task);
  if (goal.task === "classification") checkClasses(file, target, goal, columnOf(table, target).kind);
  const encoderOf = (rows: Int32Array): FeatureEncoder =>
    fitFeatures(table, {
      features: names,
      rows,
      missing: missing === "drop" ? "error" : missing,
      indicator,
      ...(maxCategories === undefined ? {} : { maxCategories }),
    });
  return problemOf(
    {
      title: file,
      provenance: `${file}: ${counted(whole.rows, "row")}, to predict ${target} from ${listOf(names)}`,
      notes: [...notesInWords(whole, { hasCategories: true }), ...notesOnDropped(whole, dropped)],
    },
    { table, target, goal, encoderOf },
    seed,
    validation,
    learnt,
  );
}

/** Refuses to resume with other columns than the inputs of the network. */
function checkSameColumns(file: string, names: readonly string[], { inputs }: TablePreprocessing): void {
  const former = inputs.encoder.columns.map(({ column }) => column);
  if (former.join("\n") === names.join("\n")) return;
  throw new DownhillError(
    "data",
    `${file}: the run to resume predicts from ${listOf(former)}, not from ${listOf(names)}. Set --features ${quote(former.join(","))}.`,
  );
}

/** Loads a table of the library as a learning problem. */
export function setProblem(
  { name }: DataSource & { readonly kind: "set" },
  seed: number,
  validation: number,
): LearningProblem {
  if (name === "penguins") {
    const columns = ["species", "beakLength", "beakDepth", "flipperLength", "bodyMass"];
    const { table, dropped, provenance } = penguins({ missing: "drop", columns });
    const droppedRows = dropped.map(({ row }) => row + 1).join(" and ");
    const about = {
      title: name,
      provenance,
      notes: [`penguins ${droppedRows} are left out: they were not measured.`],
    };
    const target = "species";
    const features = columns.filter((column) => column !== target);
    const encoderOf = (rows: Int32Array): FeatureEncoder => fitFeatures(table, { features, rows });
    return problemOf(
      about,
      { table, target, goal: targetOf(table, target, "auto"), encoderOf },
      seed,
      validation,
    );
  }
  const { x, y, features, classes, target, count, provenance } = name === "iris" ? iris() : wine();
  const width = features.length;
  const table: Table = {
    name,
    rows: count,
    columns: features.map((feature, i) => ({
      kind: "number",
      name: feature,
      values: Float64Array.from({ length: count }, (_, row) => x.data[row * width + i]!),
    })),
  };
  const goal: PredictionTarget = { task: "classification", y, classes };
  const encoderOf = (): FeatureEncoder => fitFeatures(table);
  return problemOf(
    { title: name, provenance, notes: [] },
    { table, target, goal, encoderOf },
    seed,
    validation,
  );
}

interface TableTask {
  readonly table: Table;
  readonly target: string;
  readonly goal: PredictionTarget;
  /** Learns the encoding of the columns from the given rows. */
  readonly encoderOf: (rows: Int32Array) => FeatureEncoder;
}

function problemOf(
  about: Pick<LearningProblem, "title" | "provenance" | "notes">,
  { table, target, goal, encoderOf }: TableTask,
  seed: number,
  validation: number,
  learnt?: TablePreprocessing,
): LearningProblem {
  const labels = goal.task === "classification" ? goal.y.data : undefined;
  const split = splitThrice(table.rows, labels, seed, validation);
  const encoder = learnt?.inputs.encoder ?? encoderOf(split.train);
  const rowsOfParts = [
    split.train,
    split.test,
    ...(split.validation === undefined ? [] : [split.validation]),
  ];
  const { parts, inputs, scale, notes } = encodeParts(table, encoder, rowsOfParts, learnt?.inputs.scale);
  const task = learnt?.task ?? taskOf(goal, target, split.train);
  const y = yOf(table, target, goal, task);
  const part = (rows: Int32Array): DataPart => ({
    x: parts[rowsOfParts.indexOf(rows)]!,
    y:
      task.kind === "classification"
        ? { shape: [rows.length], dtype: "int32", data: Int32Array.from(rows, (row) => y[row]!) }
        : { shape: [rows.length], dtype: "float32", data: rowsOf(y, rows, 1) },
    rows,
  });
  return {
    title: about.title,
    provenance: about.provenance,
    task,
    train: part(split.train),
    validation: split.validation === undefined ? undefined : part(split.validation),
    test: part(split.test),
    inputs: { names: inputs.map(({ name }) => name), encoder, scale },
    image: undefined,
    notes: [
      ...about.notes,
      ...notesOnFills(table, encoder),
      ...notesOnCounters(table, encoder),
      ...notes,
      ...(goal.task === "classification" ? noteOnClasses(goal) : []),
      ...(task.kind === "regression" ? notesOnSpread(table, target, y, split.train) : []),
    ],
  };
}

function taskOf(goal: PredictionTarget, target: string, rows: Int32Array): LearningTask {
  return goal.task === "classification"
    ? { kind: "classification", classes: goal.classes }
    : { kind: "regression", target, scale: fitStandardiser(goal.y, { rows, names: [target] }) };
}

/** Returns the target of each row in the form in which the network predicts it. */
function yOf(table: Table, target: string, goal: PredictionTarget, task: LearningTask): ArrayLike<number> {
  if (task.kind === "regression" && goal.task === "regression") return standardise(goal.y, task.scale).data;
  if (task.kind === "classification" && goal.task === "classification") {
    const places = goal.classes.map((label) => task.classes.indexOf(label));
    const strange = goal.classes.find((_, i) => places[i]! < 0);
    if (strange === undefined) return Int32Array.from(goal.y.data, (label) => places[label]!);
    throw new DownhillError(
      "data",
      `${table.name}: column ${JSON.stringify(target)} has a class ${JSON.stringify(strange)} that the run to resume has not learned. Start another run.`,
    );
  }
  throw new DownhillError(
    "data",
    `${table.name}: column ${JSON.stringify(target)} was for ${task.kind} in the run to resume, and is for ${goal.task} now. Set --task ${task.kind}.`,
  );
}

const repairOfTarget =
  "It is the target, which cannot be filled in: write it into the table, or leave such rows out with --missing drop.";

function notesOnDropped(
  table: Table,
  dropped: readonly { readonly row: number; readonly missing: readonly string[] }[],
): string[] {
  if (dropped.length === 0) return [];
  const columns = [...new Set(dropped.flatMap(({ missing }) => missing))];
  const lines = dropped.slice(0, 8).map(({ row }) => table.lines?.[row] ?? row + 1);
  const more = dropped.length > 8 ? ", …" : "";
  return [
    `${dropped.length} of ${table.rows} rows are left out because they lack ${columns.map((name) => JSON.stringify(name)).join(" or ")}: ${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}${more}.`,
  ];
}

function notesOnFills(table: Table, { columns }: FeatureEncoder): string[] {
  return columns.flatMap((rule) => {
    const column = columnOf(table, rule.column);
    if (rule.kind !== "number" || rule.fill === undefined || column.kind !== "number") return [];
    const count = column.values.filter(Number.isNaN).length;
    const fill = Number(rule.fill.toPrecision(6));
    return count === 0
      ? []
      : [`${JSON.stringify(rule.column)} lacks ${count} of ${table.rows} values: ${fill} stands for them.`];
  });
}

/** Returns notes on columns that number the rows. From such a column a network would learn the order of the file. */
function notesOnCounters({ columns, rows }: Table, encoder: FeatureEncoder): string[] {
  const used = encoder.columns.map(({ column }) => column);
  return columns.flatMap((column) => {
    if (column.kind === "text" || rows < 3 || !used.includes(column.name)) return [];
    const counts = column.values.every((value, row) => row === 0 || value === column.values[row - 1]! + 1);
    return counts
      ? [
          `${JSON.stringify(column.name)} numbers the rows, which says nothing about new ones. Leave it out with --without ${quote(column.name)}.`,
        ]
      : [];
  });
}

/**
 * Refuses classes that hardly ever occur twice: numbers with more classes than half of the rows, or texts that are
 * different in all rows.
 *
 * @throws DownhillError `data`
 */
function checkClasses(
  file: string,
  target: string,
  { classes, y }: Pick<Classification, "classes" | "y">,
  kind: TableColumn["kind"],
): void {
  const count = y.data.length;
  const few = kind === "number" ? classes.length * 2 > count : classes.length === count;
  if (!few) return;
  const what = `column ${JSON.stringify(target)} makes ${classes.length} classes of ${count} items: too few per class to learn from.`;
  const repair =
    kind === "number"
      ? "Is --task regression meant?"
      : "Name another column with --target, one whose values repeat.";
  throw new DownhillError("data", `${file}: ${what} ${repair}`);
}

function noteOnClasses({ classes, y }: Pick<Classification, "classes" | "y">): string[] {
  const sizes = new Array<number>(classes.length).fill(0);
  for (const label of y.data) sizes[label]!++;
  const single = sizes.filter((size) => size === 1).length;
  if (single === 0) return [];
  const which = single === 1 ? "1 class has" : `${single} classes have`;
  return [`${which} one item, which is used for training and not for the test.`];
}

function listOf(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(", ")
    : `${names.slice(0, 10).join(", ")} and ${names.length - 10} more columns`;
}
