import type { BoxBounds } from "../minimize/walls.ts";
import { isBetter, type Member, type PopulationSearch, type RandomSource } from "./population.ts";

/** Length of the memory of successful parameters, and the share of the population that counts as best. */
const memorySize = 6;
const bestShare = 0.1;
/** Factor by which the tolerance of violations, up to which points compare by value, falls per generation. */
const violationDecay = 0.9;

/**
 * Differential evolution with success-history adaptation (SHADE): trial points are `x + F (best − x) + F (a − b)`, and a
 * fraction of their coordinates is exchanged with x. F and the fraction are drawn around values that succeeded before. A
 * generation is evaluated at once. Yields the population, and whether it has converged, after each generation.
 *
 * @see Storn, Price, Differential evolution, 1997; Tanabe, Fukunaga, Success-history based parameter adaptation for
 * differential evolution, 2013.
 */
export function* differentialEvolution(
  first: readonly Member[],
  box: BoxBounds,
  evaluate: (points: readonly Float64Array[]) => readonly Member[],
  random: RandomSource,
): PopulationSearch {
  let members = [...first];
  const archive: Float64Array[] = [];
  const memory = {
    weight: Array<number>(memorySize).fill(0.5),
    crossover: Array<number>(memorySize).fill(0.5),
  };
  let tolerance = middle(members.map(({ violation }) => violation).filter(Number.isFinite));
  for (let generation = 0; ; generation++) {
    yield members;
    tolerance = tolerance < 1e-12 ? 0 : tolerance * violationDecay;
    const order = [...members.keys()].sort((i, j) =>
      isBetter(members[i]!, members[j]!, tolerance)
        ? -1
        : isBetter(members[j]!, members[i]!, tolerance)
          ? 1
          : 0,
    );
    const best = order.slice(0, Math.max(2, Math.round(bestShare * members.length)));
    const draws = members.map((_, i) => drawTrial(members, i, best, archive, box, memory, random));
    const trials = evaluate(draws.map(({ x }) => x));
    const successes: { readonly weight: number; readonly crossover: number; readonly gain: number }[] = [];
    members = members.map((member, i) => {
      const trial = trials[i]!;
      if (isBetter(member, trial, tolerance)) return member;
      if (isBetter(trial, member, tolerance)) {
        archive.push(member.x);
        const gain = Math.abs(member.value - trial.value) + Math.abs(member.violation - trial.violation);
        successes.push({ ...draws[i]!, gain: Number.isFinite(gain) ? gain : 1 });
      }
      return trial;
    });
    while (archive.length > members.length) archive.splice(random.below(archive.length), 1);
    if (successes.length > 0) {
      memory.weight[generation % memorySize] = lehmerMean(successes, ({ weight }) => weight);
      memory.crossover[generation % memorySize] = lehmerMean(successes, ({ crossover }) => crossover);
    }
  }
}

/** Draws a trial point for member i. Returns it with the difference weight and the crossover probability used. */
function drawTrial(
  members: readonly Member[],
  i: number,
  best: readonly number[],
  archive: readonly Float64Array[],
  { low, high }: BoxBounds,
  memory: { readonly weight: readonly number[]; readonly crossover: readonly number[] },
  random: RandomSource,
): { readonly x: Float64Array; readonly weight: number; readonly crossover: number } {
  const slot = random.below(memorySize);
  let weight = 0;
  while (weight <= 0)
    weight = Math.min(1, memory.weight[slot]! + 0.1 * Math.tan(Math.PI * (random.uniform() - 0.5)));
  const crossover = Math.min(1, Math.max(0, memory.crossover[slot]! + 0.1 * random.normal()));
  const parent = members[i]!.x;
  const towards = members[best[random.below(best.length)]!]!.x;
  const a = otherIndex(random, members.length, [i]);
  const b = otherIndex(random, members.length + archive.length, [i, a]);
  const [from, to] = [b < members.length ? members[b]!.x : archive[b - members.length]!, members[a]!.x];
  const kept = random.below(parent.length);
  const x = parent.map((value, k) => {
    if (k !== kept && random.uniform() >= crossover) return value;
    const moved = value + weight * (towards[k]! - value) + weight * (to[k]! - from[k]!);
    // outside the box, halfway between the parent and the bound
    if (moved < low[k]!) return (value + low[k]!) / 2;
    return moved > high[k]! ? (value + high[k]!) / 2 : moved;
  });
  return { x, weight, crossover };
}

function otherIndex(random: RandomSource, count: number, taken: readonly number[]): number {
  for (;;) {
    const index = random.below(count);
    if (!taken.includes(index)) return index;
  }
}

/**
 * Lehmer mean `Σ g s² / Σ g s`, where s is `of(item)` and g the gain of the item; 0 if the denominator is not positive.
 */
function lehmerMean<T extends { readonly gain: number }>(
  list: readonly T[],
  of: (item: T) => number,
): number {
  let [squares, sum] = [0, 0];
  for (const item of list) {
    squares += item.gain * of(item) ** 2;
    sum += item.gain * of(item);
  }
  return sum > 0 ? squares / sum : 0;
}

function middle(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
