// Searches random loop nests from a seed on for the first fault, and shrinks the program that shows it.
import { enableTurbo } from "downhill";
import { choicesOf, errorText, smallest } from "./draw-region.ts";
import { callModes, faultOfNest } from "./nest-faults.ts";
import { Choices } from "./random-choices.ts";
import { randomNest } from "./random-nests.ts";
import type { Outcome } from "./random-soak.ts";

export { enableTurbo };

/** Largest number of choices of a program. Some programs get fewer, and are small. */
const mostChoices = 260;

/** Programs of one seed, so that no two seeds share one. */
const perSeed = 100_000;

/** The number that draws program `at` of a seed. */
export const numberOf = (seed: number, at: number): number => (seed * perSeed + at) >>> 0;

/** The fault of the program with a number, with the program shrunk unless `isRaw`. */
export function faultOfNestNumber(number: number, isRaw = false): string | undefined {
  const mode = callModes[number % callModes.length]!;
  const check = (choices: readonly number[]): string | undefined => {
    try {
      return faultOfNest(randomNest(new Choices(choices)), mode);
    } catch (error) {
      return errorText(error);
    }
  };
  const choices = choicesOf(number, mostChoices);
  const fault = check(choices);
  if (fault === undefined || isRaw) return fault;
  const small = smallest(choices, fault, check);
  const { typescript, args } = randomNest(new Choices(small));
  return `nest ${number}: ${check(small)}\n\n${typescript}\nn, c, q = ${args.slice(5, 8).join(", ")}`;
}

/** A search for a fault. */
export interface NestSearch {
  readonly seed: number;
  /** Program of the seed to begin with (0). */
  readonly from?: number;
  /** Maximum number of programs. */
  readonly programs?: number;
  /** Maximum time in milliseconds, checked between programs. */
  readonly milliseconds?: number;
  /** Whether to report the fault as drawn, which is fast. By default its program is shrunk. */
  readonly isRaw?: boolean;
}

/** Result of a search: the number of programs run. If there is a fault, the last program has it. */
export interface NestSearchResult {
  readonly programs: number;
  readonly fault: string | undefined;
}

/** Runs the programs of a seed in order until the first fault, at most a number of programs or milliseconds. */
export function searchNests({
  seed,
  from = 0,
  programs = Infinity,
  milliseconds = Infinity,
  isRaw = false,
}: NestSearch): NestSearchResult {
  const end = performance.now() + milliseconds;
  let [count, fault]: [number, string | undefined] = [0, undefined];
  while (fault === undefined && count < programs && performance.now() < end)
    fault = faultOfNestNumber(numberOf(seed, from + count++), isRaw);
  return { programs: count, fault };
}

/** One part of `scripts/soak-programs.mjs --nests`: `count` programs; `note` is called before each. */
export function soakPart(seed: number, count: number, note: () => void): Outcome {
  let programs = 0;
  let fault: string | undefined;
  for (let i = 0; i < count && fault === undefined; i++) {
    note();
    programs++;
    fault = faultOfNestNumber((seed * count + i) >>> 0);
  }
  return { programs, routines: 0, tally: [], fault };
}
