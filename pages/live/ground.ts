// A formula that a reader types, as a landscape with a map.
import { defineLandscape, type Landscape } from "../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import type { MapBox } from "./contour-map.ts";

/** A function of two numbers, and what a map shows of it. */
export interface Ground {
  readonly text: string;
  readonly landscape: Landscape;
  readonly box: MapBox;
}

const usualBox: MapBox = [
  [-4, 4],
  [-3, 3],
];

/**
 * Reads a formula of two numbers; of one that stands in the zoo, domain, minima and saddles are known.
 *
 * @throws Error where it cannot be read, or is of more numbers or fewer
 */
export function readGround(text: string): Ground {
  const known = Object.values(zoo).find(({ definition }) => definition === text);
  const landscape = defineLandscape(
    text,
    known === undefined
      ? {}
      : { minima: known.minima ?? [], saddles: known.saddles ?? [], lowest: known.lowest },
  );
  const { coordinates } = landscape;
  if (coordinates.length !== 2) {
    throw new Error(
      `A map is of a function of two numbers, and this one has ${coordinates.join(", ")}: write it in x and y.`,
    );
  }
  return { text, landscape, box: (known?.domain as MapBox | undefined) ?? usualBox };
}
