import {
  type Column,
  type FeatureEncoder,
  randomSplit,
  type Split,
  type Standardiser,
  stratifiedSplit,
} from "../../training/data/index.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { optionError } from "../shared/words.ts";

/** A part of the data, one row per item. */
export interface DataPart {
  /** float32 of shape `[n, inputs]`. */
  readonly x: Column;
  /** Classes as int32, or standardised targets as float32, of shape `[n]`. */
  readonly y: Column;
  /** Number of each row in the original data, from 0. */
  readonly rows: Int32Array;
}

/** The task that a network learns: to predict a class, or the standardised number in the column `target`. */
export type LearningTask =
  | { readonly kind: "classification"; readonly classes: readonly string[] }
  | { readonly kind: "regression"; readonly target: string; readonly scale: Standardiser };

/** Training and test data, ready for a network. */
export interface LearningProblem {
  readonly title: string;
  readonly provenance: string;
  readonly task: LearningTask;
  readonly train: DataPart;
  /** Training items held out for validation; `undefined` without validation. */
  readonly validation: DataPart | undefined;
  readonly test: DataPart;
  /** The conversion of table columns to inputs; `undefined` for pixels. */
  readonly inputs: Inputs | undefined;
  /** Size of the images if the inputs are pixels. */
  readonly image: { readonly width: number; readonly height: number } | undefined;
  /** Notes on the data for the user. */
  readonly notes: readonly string[];
}

/** The conversion of table columns to inputs, as plain data. */
export interface Inputs {
  /** The name of each input. */
  readonly names: readonly string[];
  /** Converts numbers, texts and missing values of the columns to inputs. */
  readonly encoder: FeatureEncoder;
  /** Standardises the inputs afterwards. */
  readonly scale: Standardiser;
}

/**
 * The preprocessing learned from the training part of a table before the network. It is plain data, so that a resumed
 * run has the same.
 */
export interface TablePreprocessing {
  readonly inputs: Inputs;
  readonly task: LearningTask;
}

const testFraction = 0.2;
const fewest = 10; // items

/** Rows of the training, validation and test part. */
export interface ThreeWaySplit extends Split {
  readonly validation: Int32Array | undefined;
}

/**
 * Splits the rows into parts for training, validation and test, in proportion to the labels if there are any. The test
 * gets a fifth, and validation the share `validation` of the rest (none if it is 0).
 *
 * @throws DownhillError `option` if that share of the rest rounds to no row.
 */
export function splitThrice(
  count: number,
  labels: ArrayLike<number> | undefined,
  seed: number,
  validation: number,
): ThreeWaySplit {
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
      `--val ${validation} of ${train.length} training items holds out none. Give a larger share, as --val ${Math.max(0.1, least)}.`,
    );
  }
  const again = split(train, validation);
  return { train: again.train, validation: again.test, test };
}

/** Copies some rows of a matrix with rows of `size` numbers, as float32. */
export function rowsOf(data: ArrayLike<number>, rows: Int32Array, size: number): Float32Array {
  const out = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < size; k++) out[i * size + k] = data[rows[i]! * size + k]!;
  }
  return out;
}

/**
 * Refuses data with fewer than 10 items, which are too few to hold some out for the test.
 *
 * @throws DownhillError `data`
 */
export function checkCount(name: string, count: number): void {
  if (count >= fewest) return;
  throw new DownhillError(
    "data",
    `${name}: ${count} items are too few: a fifth is held out for the test. At least ${fewest} are needed.`,
  );
}
