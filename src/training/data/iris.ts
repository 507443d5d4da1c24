import { refuseExtra } from "../../engine/errors/arguments.ts";
import { irisLines } from "./iris.generated.ts";
import { type EmbeddedTable, embeddedTable } from "./tables.ts";

/**
 * Returns Fisher's irises: lengths and widths of sepals and petals of 150 flowers in cm, and their species, 50 of each
 * of three.
 *
 * The numbers are those of Fisher's paper (two rows of the copy in the UCI repository differ from it).
 *
 * @example
 * const { x, y, features, classes } = iris();
 * x.shape; // [150, 4]
 * classes; // ["setosa", "versicolor", "virginica"]
 * const { train, test } = dataset({ x, y }).split(0.2, { stratify: "y", seed: 1 });
 * [train.count, test.count]; // [120, 30]
 */
export function iris(): EmbeddedTable {
  if (arguments.length > 0) refuseExtra("iris", arguments, 0);
  return embeddedTable(irisLines, {
    features: ["sepalLength", "sepalWidth", "petalLength", "petalWidth"],
    target: "species",
    classes: ["setosa", "versicolor", "virginica"],
    provenance:
      "Iris by R. A. Fisher, The use of multiple measurements in taxonomic problems, 1936, " +
      "UCI Machine Learning Repository, https://doi.org/10.24432/C56C76, CC BY 4.0.",
  });
}
