// A formula typed by the reader as a landscape with a map.
import { defineLandscape, type Landscape, type Point } from "../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import type { MapBox } from "./contour-map.ts";

/** A function of two numbers, and the extent of its map. */
export interface Ground {
  readonly text: string;
  readonly landscape: Landscape;
  readonly box: MapBox;
}

/** Known properties of a formula. */
export interface KnownGround {
  readonly box?: MapBox;
  readonly minima?: readonly Point[];
  readonly saddles?: readonly Point[];
  readonly lowest?: number;
}

const usualBox: MapBox = [
  [-4, 4],
  [-3, 3],
];

/**
 * Parses a formula of two numbers.
 *
 * @param known known properties; default: those in the zoo, if it contains the formula
 * @throws Error if it cannot be parsed, or is not a function of two numbers
 */
export function readGround(text: string, known: KnownGround = knownOf(text)): Ground {
  const { box = usualBox, minima = [], saddles = [], lowest } = known;
  const landscape = defineLandscape(text, { minima, saddles, ...(lowest === undefined ? {} : { lowest }) });
  const { coordinates } = landscape;
  if (coordinates.length !== 2) {
    throw new Error(
      `A map is of a function of two numbers, and this one has ${coordinates.join(", ")}: write it in x and y.`,
    );
  }
  return { text, landscape, box };
}

function knownOf(text: string): KnownGround {
  const found = Object.values(zoo).find(({ definition }) => definition === text);
  if (found === undefined) return {};
  const { domain, minima = [], saddles = [], lowest } = found;
  return {
    ...(domain === undefined ? {} : { box: domain as MapBox }),
    ...(lowest === undefined ? {} : { lowest }),
    minima,
    saddles,
  };
}
