import { refuseExtra } from "../../engine/errors/arguments.ts";
import { type EmbeddedTable, embeddedTable } from "./tables.ts";
import { wineLines } from "./wine.generated.ts";

/**
 * Returns chemical analyses of 178 wines from one region of Italy: 13 quantities of different scales (see
 * `fitStandardiser`), and the cultivar of each wine (three, with 59, 71 and 48 wines).
 *
 * @example
 * const { x, y, features } = wine();
 * x.shape; // [178, 13]
 * features[12]; // proline
 */
export function wine(): EmbeddedTable {
  if (arguments.length > 0) refuseExtra("wine", arguments, 0);
  return embeddedTable(wineLines, {
    features: [
      "alcohol",
      "malicAcid",
      "ash",
      "alcalinityOfAsh",
      "magnesium",
      "totalPhenols",
      "flavanoids",
      "nonflavanoidPhenols",
      "proanthocyanins",
      "colourIntensity",
      "hue",
      "od280od315",
      "proline",
    ],
    target: "cultivar",
    classes: ["class_0", "class_1", "class_2"],
    provenance:
      "Wine by M. Forina et al., PARVUS, 1991 (donated by S. Aeberhard), UCI Machine Learning Repository, " +
      "https://doi.org/10.24432/C5PC7J, CC BY 4.0.",
  });
}
