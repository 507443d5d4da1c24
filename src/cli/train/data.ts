import {
  type Classification,
  type Column,
  digits,
  encodeLabels,
  fitStandardiser,
  iris,
  type LabelledImages,
  labelledImages,
  penguins,
  randomSplit,
  type Split,
  standardise,
  type Standardiser,
  stratifiedSplit,
  type Supervised,
  supervised,
  wine,
} from "../../data/index.ts";
import { DownhillError } from "../../errors/index.ts";
import { columnOf, readIdxFile, readTableFile, type TableColumn } from "../../io/index.ts";
import { inWordsOfTables } from "../shared/table-words.ts";
import { optionError } from "../shared/words.ts";
import type { Source } from "./source.ts";

/** A part of the data, one row an item. */
export interface Part {
  /** float32 of shape `[n, inputs]`. */
  readonly x: Column;
  /** Classes as int32, or standardised targets as float32; shape `[n]`. */
  readonly y: Column;
  /** The number of each row in the data, from 0. */
  readonly rows: Int32Array;
}

/** What is to be learnt. */
export type Task =
  | { readonly kind: "classification"; readonly classes: readonly string[] }
  | { readonly kind: "regression"; readonly target: string; readonly scale: Standardiser };

/** Data to learn from and to be tested on, ready for a network. */
export interface Problem {
  readonly title: string;
  readonly provenance: string;
  readonly task: Task;
  readonly train: Part;
  /** Items of the training part that are held out to decide by; `undefined` for none. */
  readonly validation: Part | undefined;
  readonly test: Part;
  /** The columns of a table that are the inputs, and how they were standardised; `undefined` for pixels. */
  readonly inputs: { readonly names: readonly string[]; readonly scale: Standardiser } | undefined;
  /** Size of the images, where the inputs are the pixels of one. */
  readonly image: { readonly width: number; readonly height: number } | undefined;
  /** What the user should know of the data. */
  readonly notes: readonly string[];
}

const testFraction = 0.2;
const fewest = 10; // items

/**
 * The data, a fifth of them held out for the test: of each class a fifth, where there are classes; and of the rest a share
 * for validation. Features of a table are standardised by the items that are trained on alone.
 *
 * @throws DownhillError `file` and `data`, naming file, line and column, with what to do.
 */
export async function loadProblem(source: Source, seed: number, validation = 0): Promise<Problem> {
  switch (source.kind) {
    case "digits":
      return imageProblem("digits", digits(), seed, validation);
    case "images": {
      const [images, labels] = await Promise.all([readIdxFile(source.images), readIdxFile(source.labels)]);
      return imageProblem(source.images, labelledImages(images, labels), seed, validation);
    }
    case "set":
      return setProblem(source, seed, validation);
    case "table":
      try {
        return await tableProblem(source, seed, validation);
      } catch (error) {
        throw error instanceof DownhillError && error.code === "data" ? inWordsOfTables(error) : error;
      }
    default:
      return source satisfies never;
  }
}

function imageProblem(title: string, data: LabelledImages, seed: number, validation: number): Problem {
  const { images, labels, count, width, height, classes, provenance } = data;
  if (encodeLabels(labels).classes.length < 2) {
    throw new DownhillError(
      "data",
      `${title}: all images have the label ${labels[0]!}: there is nothing to learn.`,
    );
  }
  checkCount(title, count);
  const split = splitThrice(count, labels, seed, validation);
  const size = width * height;
  const part = (rows: Int32Array): Part => ({
    x: { shape: [rows.length, size], dtype: "float32", data: rowsOf(images, rows, size) },
    y: { shape: [rows.length], dtype: "int32", data: Int32Array.from(rows, (row) => labels[row]!) },
    rows,
  });
  return {
    title,
    provenance,
    task: { kind: "classification", classes: Array.from({ length: classes }, (_, i) => String(i)) },
    train: part(split.train),
    validation: split.validation === undefined ? undefined : part(split.validation),
    test: part(split.test),
    inputs: undefined,
    image: { width, height },
    notes: [],
  };
}

async function tableProblem(
  source: Source & { readonly kind: "table" },
  seed: number,
  validation: number,
): Promise<Problem> {
  const { file, target, features, header, task } = source;
  const table = await readTableFile(file, { header });
  const data = supervised(table, { target, task, ...(features === undefined ? {} : { features }) });
  const { rows: count } = table;
  checkCount(file, count);
  if (data.task === "classification") checkClasses(file, data, columnOf(table, target).kind);
  const provenance = `${file}: ${count} rows, to predict ${target} from ${listOf(data.features)}`;
  return supervisedProblem({ title: file, provenance, notes: [] }, data, target, seed, validation);
}

/** A table that is part of the library. */
function setProblem({ name }: Source & { readonly kind: "set" }, seed: number, validation: number): Problem {
  switch (name) {
    case "iris":
    case "wine": {
      const data = name === "iris" ? iris() : wine();
      const about = { title: name, provenance: data.provenance, notes: [] };
      return supervisedProblem(about, data, data.target, seed, validation);
    }
    case "penguins": {
      const columns = ["species", "beakLength", "beakDepth", "flipperLength", "bodyMass"];
      const { table, dropped, provenance } = penguins({ missing: "drop", columns });
      const rows = dropped.map(({ row }) => row + 1).join(" and ");
      const notes = [`penguins ${rows} are left out: they were not measured.`];
      const data = supervised(table, { target: "species" });
      return supervisedProblem({ title: name, provenance, notes }, data, "species", seed, validation);
    }
    default:
      return name satisfies never;
  }
}

function supervisedProblem(
  about: Pick<Problem, "title" | "provenance" | "notes">,
  data: Supervised,
  target: string,
  seed: number,
  validation: number,
): Problem {
  const count = data.x.shape[0]!;
  const labels = data.task === "classification" ? data.y.data : undefined;
  const split = splitThrice(count, labels, seed, validation);
  const scale = fitStandardiser(data.x, { rows: split.train, names: data.features });
  const x = standardise(data.x, scale).data;
  const targetScale = data.task === "regression" ? fitStandardiser(data.y, { rows: split.train }) : undefined;
  const y = targetScale === undefined ? data.y.data : standardise(data.y, targetScale).data;
  const part = (rows: Int32Array): Part => ({
    x: {
      shape: [rows.length, data.features.length],
      dtype: "float32",
      data: rowsOf(x, rows, data.features.length),
    },
    y:
      data.task === "classification"
        ? { shape: [rows.length], dtype: "int32", data: Int32Array.from(rows, (row) => y[row]!) }
        : { shape: [rows.length], dtype: "float32", data: rowsOf(y, rows, 1) },
    rows,
  });
  const constant = scale.constant.map((i) => data.features[i]!);
  return {
    title: about.title,
    provenance: about.provenance,
    task:
      data.task === "classification"
        ? { kind: "classification", classes: data.classes }
        : { kind: "regression", target, scale: targetScale! },
    train: part(split.train),
    validation: split.validation === undefined ? undefined : part(split.validation),
    test: part(split.test),
    inputs: { names: data.features, scale },
    image: undefined,
    notes: [
      ...about.notes,
      ...(constant.length === 0
        ? []
        : [`${constant.join(", ")}: the same in all training rows, so it tells nothing.`]),
      ...(data.task === "classification" ? noteOnClasses(data) : []),
    ],
  };
}

interface ThreeParts extends Split {
  readonly validation: Int32Array | undefined;
}

/** Rows for training, validation and test, in proportion to the labels where there are any. */
function splitThrice(
  count: number,
  labels: ArrayLike<number> | undefined,
  seed: number,
  validation: number,
): ThreeParts {
  const split = (rows: Int32Array, fraction: number): Split => {
    const parts =
      labels === undefined
        ? randomSplit({ count: rows.length, testFraction: fraction, seed })
        : stratifiedSplit({
            labels: Int32Array.from(rows, (row) => labels[row]!),
            testFraction: fraction,
            seed,
          });
    const rowsOfPart = (part: Int32Array): Int32Array => part.map((i) => rows[i]!);
    return { train: rowsOfPart(parts.train), test: rowsOfPart(parts.test) };
  };
  const { train, test } = split(
    Int32Array.from({ length: count }, (_, i) => i),
    testFraction,
  );
  if (validation === 0) return { train, test, validation: undefined };
  if (Math.round(train.length * validation) === 0) {
    const least = Number((1 / train.length).toPrecision(1));
    throw optionError(
      `--val ${validation} of ${train.length} training items holds none of them out. Give a larger share, as --val ${Math.max(0.1, least)}.`,
    );
  }
  const again = split(train, validation);
  return { train: again.train, validation: again.test, test };
}

/** Refuses classes of which hardly any comes twice: numbers to be predicted as numbers, or names of single items. */
function checkClasses(file: string, { target, classes, y }: Classification, kind: TableColumn["kind"]): void {
  const count = y.data.length;
  const few = kind === "number" ? classes.length * 2 > count : classes.length === count;
  if (!few) return;
  const what = `column ${JSON.stringify(target)} makes ${classes.length} classes of ${count} items: too few of each to learn from.`;
  const repair =
    kind === "number"
      ? "Is --task regression meant?"
      : "Name another column with --target, one whose values come again.";
  throw new DownhillError("data", `${file}: ${what} ${repair}`);
}

function noteOnClasses({ classes, y }: Classification): string[] {
  const sizes = new Array<number>(classes.length).fill(0);
  for (const label of y.data) sizes[label]!++;
  const single = sizes.filter((size) => size === 1).length;
  if (single === 0) return [];
  const which = single === 1 ? "1 class has" : `${single} classes have`;
  return [`${which} one item, which is trained on and not tested.`];
}

function listOf(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(", ")
    : `${names.slice(0, 10).join(", ")} and ${names.length - 10} more columns`;
}

/** Some rows of a matrix, as float32. */
function rowsOf(data: ArrayLike<number>, rows: Int32Array, size: number): Float32Array {
  const out = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < size; k++) out[i * size + k] = data[rows[i]! * size + k]!;
  }
  return out;
}

function checkCount(name: string, count: number): void {
  if (count >= fewest) return;
  throw new DownhillError(
    "data",
    `${name}: ${count} items are too few: a fifth is held out for the test. At least ${fewest} are needed.`,
  );
}
