import { escapeTemplate, literal } from "../viz/gradient-program.ts";
import { importsFor } from "../viz/program-imports.ts";

/** A race as code. */
export interface RaceText {
  readonly landscape: LandscapeText;
  readonly start: readonly number[];
  readonly steps: number;
  /** Standard deviation of the noise of gradients, and the seed of its random numbers. Default: no noise. */
  readonly noise?: { readonly scale: number; readonly seed: number };
  /** Constraints, as code. Default: none. */
  readonly constraints?: readonly string[];
  /** The differences to the lowest value whose first step the table lists. Default: those of `race`. */
  readonly tolerances?: readonly number[];
  /** Names of the runs, and their optimisers as code. */
  readonly runs: readonly { readonly name: string; readonly code: string }[];
}

/** A landscape by its name in the library, or as a formula with its known properties. */
type LandscapeText =
  | { readonly name: string }
  | {
      readonly formula: string;
      readonly box?: readonly (readonly [from: number, to: number])[];
      readonly minima?: readonly (readonly number[])[];
      readonly lowest?: number;
    };

/** A race with its table and its animated picture, as a program that runs as it is, with downhill installed. */
export function raceText({ landscape, start, steps, runs, noise, ...more }: RaceText): string {
  const entries = runs.map(({ name, code }) => `    ${JSON.stringify(name)}: ${code},`);
  const options = [
    ...("name" in landscape ? [`start: ${literal(start)}`] : []),
    `steps: ${steps}`,
    ...(noise === undefined ? [] : [`noise: ${noise.scale}`, `seed: ${noise.seed}`]),
    ...(more.tolerances === undefined ? [] : [`tolerances: ${literal(more.tolerances)}`]),
    ...(more.constraints === undefined ? [] : [`constraints: [${more.constraints.join(", ")}]`]),
  ];
  const program = `const landscape = ${landscapeCode(landscape, start)};
const result = race(
  landscape,
  {
${entries.join("\n")}
  },
  { ${options.join(", ")} },
);
console.log(landscapeText(result));

// An animated picture: write it to a file.
export const picture = landscapeSvg(result, { animated: true });
`;
  const makers = ["between(", ...runs.map(({ code }) => code)].join(" ");
  return `${importsFor(program, (name) => makers.includes(`${name}(`))}\n\n${program}`;
}

function landscapeCode(landscape: LandscapeText, start: readonly number[]): string {
  if ("name" in landscape) return `findLandscape(${JSON.stringify(landscape.name)})`;
  const { formula, box, minima = [], lowest } = landscape;
  const options = [
    `start: ${literal(start)}`,
    ...(box === undefined ? [] : [`domain: ${literal(box)}`]),
    ...(minima.length === 0 ? [] : [`minima: ${literal(minima)}`]),
    ...(lowest === undefined ? [] : [`lowest: ${literal(lowest)}`]),
  ];
  return `defineLandscape(\`${escapeTemplate(formula)}\`, {
  ${options.join(",\n  ")},
})`;
}
