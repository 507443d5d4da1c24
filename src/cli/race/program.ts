import { type Race, zoo } from "../../pictures/landscapes/index.ts";
import { raceText } from "../../pictures/landscapes/race-program.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import { constraintCode } from "../shared/program-text.ts";
import type { WrittenConstraint } from "../shared/where.ts";
import { optimizerCode, readOptimizer } from "../shared/optimizers.ts";

/** Arguments of a race as written on the command line. */
export interface RaceArguments {
  readonly landscape: string;
  /** Empty for none: then only `minimize` runs, under the constraints. */
  readonly optimizers: string;
  readonly seed: number;
  /** Undefined if the command does not set them. */
  readonly tolerances: readonly number[] | undefined;
  readonly constraints: readonly WrittenConstraint[];
}

/** Returns the definition of a landscape: a formula, or a function if it has none. */
export function definitionOf(landscape: string): unknown {
  if (Object.hasOwn(zoo, landscape)) return zoo[landscape]!.definition;
  return /\.[cm]?[jt]s(#|$)/.test(landscape) ? undefined : landscape;
}

/**
 * Returns a race as a program that runs as it is. Undefined for functions in files, which the page does not
 * have.
 */
export function raceProgram(
  { landscape, start, steps, noise }: Race,
  { landscape: named, optimizers, seed, tolerances, constraints }: RaceArguments,
): string | undefined {
  if (definitionOf(named) === undefined) return undefined;
  const written = optimizers === "" ? [] : splitAtCommas(optimizers);
  const runs = written.map((text) => ({
    name: text.trim(),
    code: optimizerCode(readOptimizer(text, { what: "--optimizers", steps })),
  }));
  const { domain: box, minima, lowest } = landscape;
  return raceText({
    landscape: Object.hasOwn(zoo, named)
      ? { name: named }
      : {
          formula: named,
          minima,
          ...(box === undefined ? {} : { box }),
          ...(lowest === undefined ? {} : { lowest }),
        },
    start,
    steps,
    runs,
    ...(tolerances === undefined ? {} : { tolerances }),
    ...(constraints.length === 0
      ? {}
      : {
          constraints: constraints.map((constraint) =>
            constraintCode(constraint, (name) => `x.at(${landscape.coordinates.indexOf(name)})`),
          ),
        }),
    ...(noise === 0 ? {} : { noise: { scale: noise, seed } }),
  });
}

/** Returns a preset as a program that runs as it is. */
export function presetProgram(name: string): string {
  return `import { findPreset, landscapeSvg, landscapeText } from "downhill/landscapes";

const study = await findPreset(${JSON.stringify(name)}).make();
console.log(landscapeText(study));

// A picture: write it to a file.
export const picture = landscapeSvg(study, { animated: true });
`;
}
