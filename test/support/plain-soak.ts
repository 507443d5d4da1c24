// One part of the soak of plain functions: random TypeScript programs, and random regions.
import { enableTurbo } from "downhill";
import { printRegion } from "../../src/engine/region/form/print.ts";
import { choicesOf, errorText, smallest } from "./draw-region.ts";
import { faultOfPlain } from "./plain-faults.ts";
import { formOfText, functionOfText } from "./plain-region.ts";
import { Choices } from "./random-choices.ts";
import type { PlainProgram } from "./random-plain.ts";
import { randomPlain } from "./random-plain.ts";
import { randomProducts } from "./random-products.ts";
import type { RandomRegion } from "./random-regions.ts";
import { randomRegion } from "./random-regions.ts";
import type { Outcome } from "./random-soak.ts";
import { randomStrips } from "./random-strips.ts";
import type { Subject } from "./region-agreement.ts";
import { faultOfRegion } from "./region-agreement.ts";

export { enableTurbo };

/** Checks of a seed. Derivatives are always checked, the slow checks in turn. */
type Way = Omit<Subject, "region" | "args" | "isFine">;

const switchedOff = [
  {},
  { recompute: false },
  { common: false },
  { fuse: false },
  { checkpoint: true },
  { localise: false },
  { tables: false },
  { checkpoint: 2, fuse: false },
  {},
  { checkpoint: 1 },
  { checkpoint: true, fuse: false, recompute: false },
  { reread: false, coverage: false },
  { reorder: false, hoist: false, sums: false },
];

const switchedOffBelow = [
  {},
  { steadyPlaces: false, differences: false },
  { strips: false },
  {},
  { hoistChecks: false },
  { products: false, fixedPlaces: false },
  { independentLoops: false, steadyConditions: false },
];

/**
 * Selects the checks of a program or region by its number. With `every` 10, one in 10 runs on the backends, and one in
 * 20 through tensors.
 */
function wayOf(number: number, every: number): Way {
  return {
    secondOrder: number % 3 === 0,
    ...(number % 12 === 0 && { reverseOver: number % 24 === 0 ? "forward" : "reverse" }),
    throughBackends: number % every === 0,
    throughTensors: number % (2 * every) === 1,
    options: switchedOff[number % switchedOff.length]!,
    lowering: switchedOffBelow[Math.trunc(number / every) % switchedOffBelow.length]!,
  };
}

function faultOfProgram(
  choices: readonly number[],
  way: Way,
  draw: (choices: Choices) => PlainProgram,
): string | undefined {
  try {
    const { typescript, javascript, ...rest } = draw(new Choices(choices));
    const f = functionOfText(javascript) as (...args: never[]) => unknown;
    return faultOfPlain({ form: formOfText(typescript), f, ...rest, ...way });
  } catch (error) {
    return errorText(error);
  }
}

type DrawRegion = (choices: Choices) => RandomRegion;

function faultOfDrawnRegion(draw: DrawRegion, choices: readonly number[], way: Way): string | undefined {
  try {
    return faultOfRegion({ ...draw(new Choices(choices)), ...way });
  } catch (error) {
    return errorText(error);
  }
}

/**
 * Fault of the random program of a seed with at most `most` choices, reported with the smallest program that shows it.
 */
export function faultOfPlainSeed(seed: number, every: number, most?: number): string | undefined {
  return faultOfSeed(seed, every, randomPlain, most);
}

/** Fault of the random sums of products of a seed. */
export function faultOfProductsSeed(seed: number, every: number): string | undefined {
  return faultOfSeed(seed, every, randomProducts, 120);
}

function faultOfSeed(
  seed: number,
  every: number,
  draw: (choices: Choices) => PlainProgram,
  most?: number,
): string | undefined {
  const [choices, way] = [choicesOf(seed, most), wayOf(seed, every)];
  const check = (some: readonly number[]): string | undefined => faultOfProgram(some, way, draw);
  const fault = check(choices);
  if (fault === undefined) return undefined;
  const small = smallest(choices, fault, check);
  return `seed ${seed}: ${check(small)}\n\n${draw(new Choices(small)).typescript}`;
}

/** Fault of the random region of a seed. `draw` may draw regions with loops in strips. */
export function faultOfRegionSeed(
  seed: number,
  every: number,
  draw: DrawRegion = randomRegion,
): string | undefined {
  const [choices, way] = [choicesOf(seed), wayOf(seed, every)];
  const fault = faultOfDrawnRegion(draw, choices, way);
  if (fault === undefined) return undefined;
  const small = smallest(choices, fault, (some) => faultOfDrawnRegion(draw, some, way));
  return `seed ${seed}: ${faultOfDrawnRegion(draw, small, way)}\n\n${printRegion(draw(new Choices(small)).region)}`;
}

/**
 * Checks `count` programs, a quarter as many sums of products and a quarter as many regions, all drawn from `seed`.
 * Calls `note` before each.
 */
export function soakPart(seed: number, count: number, note: () => void): Outcome {
  let [programs, routines] = [0, 0];
  let fault: string | undefined;
  for (let i = 0; i < count && fault === undefined; i++) {
    note();
    programs++;
    fault = faultOfPlainSeed((seed * count + i) >>> 0, 10);
    if (i % 4 === 2 && fault === undefined) {
      note();
      programs++;
      fault = faultOfProductsSeed((seed * count + i) >>> 0, 2);
    }
    if (i % 4 !== 0 || fault !== undefined) continue;
    note();
    routines++;
    fault = faultOfRegionSeed((seed * count + i) >>> 0, 10, i % 8 === 0 ? randomRegion : randomStrips);
  }
  return { programs, routines, tally: [], fault };
}
