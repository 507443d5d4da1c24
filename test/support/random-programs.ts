import fc from "fast-check";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { corners } from "./random-corners.ts";
import { factorisations } from "./random-factorisations.ts";
import { loops } from "./random-loops.ts";
import { mathematics } from "./random-mathematics.ts";
import type { Dims, Pick, Pool, Rule } from "./random-rules.ts";
import { basics } from "./random-rules.ts";
import { selections } from "./random-selections.ts";

/** Shapes near whole vectors of numbers, up to some thousands of elements. */
export const smallDims: readonly Dims[] = [
  { rows: 2, columns: 3 },
  { rows: 1, columns: 1 },
  { rows: 3, columns: 4 },
  { rows: 4, columns: 5 },
  { rows: 5, columns: 8 },
  { rows: 1, columns: 17 },
  { rows: 7, columns: 16 },
  { rows: 3, columns: 33 },
  { rows: 16, columns: 16 },
  { rows: 9, columns: 31 },
  { rows: 2, columns: 129 },
  { rows: 12, columns: 65 },
  { rows: 8, columns: 8 },
  { rows: 4, columns: 64 },
  { rows: 64, columns: 1 },
  { rows: 3, columns: 512 },
  { rows: 2, columns: 1023 },
  { rows: 1, columns: 1024 },
  { rows: 12, columns: 12 },
];

/** Shapes with long loops, which become separate functions and run in parts. */
export const largeDims: readonly Dims[] = [
  { rows: 33, columns: 130 },
  { rows: 4, columns: 1025 },
  { rows: 2, columns: 4097 },
  { rows: 1, columns: 16385 },
  { rows: 65, columns: 257 },
  { rows: 403, columns: 5 },
];

const rules: readonly Rule[] = [
  ...basics,
  ...mathematics,
  ...loops,
  ...selections,
  ...corners,
  ...factorisations,
];

export interface Choice {
  readonly rule: number;
  readonly picks: readonly number[];
}

/** Description of a random program. */
export interface Recipe {
  readonly dims: Dims;
  readonly dtype: "float64" | "float32";
  readonly list: readonly Choice[];
  readonly ends: readonly number[];
}

/** Recipes with these shapes. `onlySmooth` excludes rules that rounding errors may change discontinuously. */
export function recipes(dims: readonly Dims[], onlySmooth = false): fc.Arbitrary<Recipe> {
  const usable = rules.flatMap(({ jumps }, i) => (onlySmooth && jumps ? [] : [i]));
  const rule = fc.record({
    rule: fc.constantFrom(...usable),
    picks: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
  });
  const some = (most: number): fc.Arbitrary<Choice[]> => fc.array(rule, { minLength: 1, maxLength: most });
  return fc.record({
    dims: fc.constantFrom(...dims),
    dtype: fc.constantFrom("float64" as const, "float32" as const),
    // small programs show faults of two or three rules soonest: only one in four may have many
    list: fc.oneof({ weight: 3, arbitrary: some(4) }, { weight: 1, arbitrary: some(8) }),
    ends: fc.array(fc.nat(1000), { minLength: 3, maxLength: 3 }),
  });
}

/** True if all of it is computed in its own floating type. */
export function isFine({ list }: Recipe): boolean {
  return !list.some(({ rule }) => rules[rule]!.isCoarse);
}

const knownPlaces = new Map<number, Tensor>();

function placesOf(columns: number): Tensor {
  const known = knownPlaces.get(columns);
  if (known !== undefined) return known;
  const list = Array.from({ length: columns }, (_, i) => ((i * 7 + 3) % 23) - 5);
  const places = d.tensor(list, { dtype: "int32" });
  knownPlaces.set(columns, places);
  return places;
}

/** True if all of its operations have reverse mode. */
export function isReversible({ list }: Recipe): boolean {
  return !list.some(({ rule }) => rules[rule]!.isForward);
}

/** The function of a recipe: from a scalar, a vector and a matrix to results of the same kinds. */
export function functionOf({ dims, dtype, list, ends }: Recipe): (...xs: Tensor[]) => Tensor[] {
  return (...xs) => {
    const [s, v, m] = xs as [Tensor, Tensor, Tensor];
    const places = placesOf(dims.columns);
    const pool: Pool = {
      scalars: [s],
      vectors: [v],
      matrices: [m],
      places: [places],
      flags: [d.less(d.rem(places, 3), 1)],
      dims,
      dtype,
    };
    for (const { rule, picks } of list) {
      let next = 0;
      // picks prefer recent values, so that rules build on one another
      const pick: Pick = (options) => {
        const n = picks[next++ % picks.length]!;
        return options[
          n % 3 === 0 ? n % options.length : options.length - 1 - (n % Math.min(2, options.length))
        ]!;
      };
      rules[rule]!.apply(pool, pick);
    }
    const { scalars, vectors, matrices } = pool;
    const some = <T>(from: readonly T[], k: number): T => from[ends[k]! % from.length]!;
    // the latest values contribute, so that little code is dead
    const total = scalars
      .at(-1)!
      .add(d.mean(vectors.at(-1)!))
      .add(d.mean(matrices.at(-1)!));
    return [
      total.add(some(scalars, 0)),
      vectors.at(-1)!.add(some(vectors, 1)),
      matrices.at(-1)!.add(some(matrices, 2)),
    ];
  };
}

/** Inputs for functions of these shapes. Other seeds draw tangents and cotangents. */
export function pointOf({ dims, dtype }: Recipe, seed = 0): [Tensor, Tensor, Tensor] {
  const number = (i: number): number => Math.sin(1 + seed * 5 + i * (1.3 + 0.1 * seed)) * 0.9;
  const some = (shape: readonly number[]): Tensor => {
    const n = shape.reduce((a, b) => a * b, 1);
    return d.tensor(
      Array.from({ length: n }, (_, i) => number(i)),
      { dtype, shape },
    );
  };
  return [some([]), some([dims.columns]), some([dims.rows, dims.columns])];
}

/** Describes a recipe for readers: its shapes and the text of its rules. */
export function describeRecipe({ dims, dtype, list }: Recipe): string {
  const lines = list.map(({ rule, picks }) => `${String(rules[rule]!.apply)}  // picks ${picks.join()}`);
  return [`${dtype}, ${dims.rows} rows of ${dims.columns}`, ...lines].join("\n");
}
