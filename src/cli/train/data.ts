import { digits, encodeLabels, type LabelledImages, labelledImages } from "../../training/data/index.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { readIdxFile } from "../../training/io/index.ts";
import { inWordsOfTables } from "../shared/table-words.ts";
import {
  checkCount,
  type TablePreprocessing,
  type DataPart,
  type LearningProblem,
  rowsOf,
  splitThrice,
} from "./problem.ts";
import type { DataSource } from "./source.ts";
import { setProblem, tableProblem } from "./table-problem.ts";

export type { TablePreprocessing, DataPart, LearningProblem } from "./problem.ts";

/**
 * Loads the data. A fifth is held out for the test, of each class if there are classes, and a share of the rest for
 * validation. The preprocessing of table columns is learned from the training items only, unless it was learned by an
 * earlier run.
 *
 * @throws DownhillError `file` and `data`, with file, line, column and a remedy.
 */
export async function loadProblem(
  source: DataSource,
  seed: number,
  validation = 0,
  learnt?: TablePreprocessing,
): Promise<LearningProblem> {
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
        return await tableProblem(source, seed, validation, learnt);
      } catch (error) {
        if (!(error instanceof DownhillError && error.code === "data")) throw error;
        throw inWordsOfTables(error, { hasCategories: true });
      }
    default:
      return source satisfies never;
  }
}

function imageProblem(
  title: string,
  data: LabelledImages,
  seed: number,
  validation: number,
): LearningProblem {
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
  const part = (rows: Int32Array): DataPart => ({
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
