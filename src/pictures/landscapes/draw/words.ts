import { typesetNumber } from "../../plot/number-text.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { Race, RaceRun } from "../race.ts";
import type { RaceRegion } from "../region.ts";
import type { Study } from "../study.ts";

/** Describes the outcome of a run in a few words. */
function outcomeText(run: RaceRun): string {
  switch (run.outcome) {
    case "arrived":
      return `arrived within ${typesetNumber(run.within!)}`;
    case "at-rest":
      return "at rest elsewhere";
    case "under-way":
      return "under way";
    case "escaped":
      return `left after ${run.escapedAt}`;
    case "diverged":
      return `diverged at ${run.divergedAt}`;
    default:
      return run.outcome satisfies never;
  }
}

/** Returns the headings of the table of a race. */
export function tableHead({ lowest, landscape, tolerances }: Race): string[] {
  const isBounded = Number.isFinite(lowest);
  const height = isBounded ? (landscape.lowest === undefined ? "f − lowest seen" : "f − f*") : "f";
  return [
    "optimiser",
    "ended",
    height,
    ...(isBounded ? tolerances.map((t) => `steps to ${typesetNumber(t)}`) : []),
  ];
}

/** Returns the row of a run in the table of a race. */
export function tableRow({ lowest }: Race, run: RaceRun): string[] {
  const isBounded = Number.isFinite(lowest);
  const last = run.values.at(-1)!;
  const height = run.outcome === "diverged" ? "–" : showHeight(isBounded ? last - lowest : last, isBounded);
  return [
    run.name,
    outcomeText(run),
    height,
    ...(isBounded ? run.stepsTo.map((t) => (t === null ? "–" : String(t))) : []),
  ];
}

/**
 * Formats the height of a value. Of a bounded landscape, heights slightly below 0, which are rounding errors, become 0.
 */
export function showHeight(height: number, isBounded: boolean): string {
  return typesetNumber(isBounded && height < 0 && height > -1e-9 ? 0 : height, 3);
}

/** Describes a race in one line. */
export function raceSubtitle({ landscape, start, steps, noise, seed }: Race): string {
  const at = start.length <= 4 ? ` from (${start.map((x) => typesetNumber(x, 4)).join(", ")})` : "";
  const noisy = noise === 0 ? "" : `; noise of ${typesetNumber(noise)} on each gradient, seed ${seed}`;
  return `${landscape.formula}${at}, ${steps.toLocaleString("en")} ${steps === 1 ? "step" : "steps"}${noisy}`;
}

/** Returns the headings of the table of the constraints of a race. */
export const constraintHead: readonly string[] = ["constraint", "", "multiplier"];

/** Returns the rows of the table of the constraints of a race. */
export function constraintRows({ constraints }: RaceRegion): string[][] {
  return constraints.map(({ name, isActive, multiplier }) => [
    name,
    isActive ? "active" : "not active",
    isActive ? typesetNumber(multiplier, 4) : "0",
  ]);
}

/** Describes the solution under constraints in a sentence or two. */
export function regionWords({ reason, message, result, value }: RaceRegion): string {
  const at = result.map((x) => typesetNumber(x, 4)).join(", ");
  return reason === "solved"
    ? `Under the constraints the least value is ${typesetNumber(value, 5)}, at (${at}). There the forces of the active constraints balance −∇f. A multiplier is the fall of the least value per unit by which a limit is raised.`
    : `No solution under the constraints: ${reason}. ${message}`;
}

/** Returns the caption of the map of a race: the contours and the meaning of the symbols. */
export function mapCaption({ landscape, runs, region }: Race, contours: string): string {
  const signs = [
    ...(landscape.minima.length > 0 ? [region === undefined ? "★ minimum" : "★ solution"] : []),
    ...(region === undefined
      ? []
      : ["shaded: infeasible", "arrows: −∇f and the forces of active constraints"]),
    ...(landscape.saddles.length > 0 ? ["⌣ saddle"] : []),
    ...(runs.some(({ outcome }) => outcome === "diverged") ? ["× diverged"] : []),
  ];
  return [contours, signs.join(", ")]
    .filter((part) => part !== "")
    .map((part) => `${part}.`)
    .join(" ");
}

/** Returns a study as it is, and makes a study with one figure from a race or a slice. */
export function asStudy(shown: Study | Race | LossSlice): Study {
  if ("figures" in shown) return shown;
  if ("runs" in shown) {
    const { name, formula, about } = shown.landscape;
    const title = name === formula ? "" : capital(name);
    return {
      name,
      title: title === "" ? formula : title,
      claim: about,
      findings: [],
      figures: [{ kind: "race", title: "", race: shown }],
    };
  }
  const kinds = {
    random: "along two random directions",
    "filter-normalised": "along two random directions, each filter as long as that of the network",
    pca: "along the two directions in which training moved most",
  };
  return {
    name: "landscape",
    title: "A slice of the loss",
    claim: `The loss of ${shown.parameters.toLocaleString("en")} parameters ${kinds[shown.directions]}. Training ended where the loss is ${typesetNumber(shown.centre, 4)}.`,
    findings: [],
    figures: [{ kind: "slice", title: "", slice: shown }],
  };
}

function capital(text: string): string {
  const words = text.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
