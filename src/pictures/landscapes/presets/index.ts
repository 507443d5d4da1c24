import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { didYouMean } from "../../../engine/util/suggest.ts";
import { adamDiverges } from "./adam-diverges.ts";
import { batchSizes, batchVariance, repeatedData } from "./batches.ts";
import { decayTiming } from "./decay.ts";
import { localMinima } from "./local-minima.ts";
import { longRun } from "./long-run.ts";
import { momentumTheory } from "./momentum.ts";
import { rateOnPlateau } from "./plateau.ts";
import type { Preset } from "./preset.ts";
import { rateSweep } from "./rates.ts";
import { saddlesAndPlateaus } from "./saddles.ts";
import { sparseFeatures } from "./sparse.ts";
import { symmetricNeurons } from "./symmetry.ts";
import { takeAways } from "./take-aways.ts";

/**
 * Built-in studies. Each makes a claim about optimisers that the tests assert.
 *
 * @example
 * presets.map(({ name }) => name).includes("momentum"); // true
 */
export const presets: readonly Preset[] = [
  rateSweep,
  momentumTheory,
  localMinima,
  decayTiming,
  rateOnPlateau,
  saddlesAndPlateaus,
  symmetricNeurons,
  sparseFeatures,
  longRun,
  adamDiverges,
  batchVariance,
  batchSizes,
  repeatedData,
  takeAways,
];

/**
 * Returns the preset with the given name.
 *
 * @throws DownhillError `option` for an unknown name; the message suggests the nearest one.
 * @example
 * const { findings } = await findPreset("rates").make();
 * findings[0].includes("2/λmax is 0.2"); // true
 */
export function findPreset(name: string): Preset {
  if (arguments.length > 1) refuseExtra("findPreset", arguments, 1);
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const names = presets.map((preset) => preset.name);
  const near = typeof name === "string" ? didYouMean(name, names) : "";
  const all = near === "" ? ` There are ${names.join(", ")}.` : near;
  throw new DownhillError("option", `${JSON.stringify(name)} is no preset.${all}`);
}
