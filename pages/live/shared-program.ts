// Programs of figures as TypeScript. They run as they are, in Node, Deno, Bun or a bundler, with downhill installed.
import { typeScriptOf } from "./formula-code.ts";
import type { KnownGround } from "./ground.ts";
import type { Program } from "./program.ts";
import type { RaceStart } from "./race-state.ts";
import { type Racer, type RacerId, racerName, type ScheduleId } from "./racers.ts";

/** Value and gradient of a reader's program at its arguments. */
export function gradientProgram(program: Program, args: readonly unknown[]): string {
  const values = args.map((arg) => literal(arg));
  if (program.kind === "plain")
    return compiledProgram(program.text, program.form.region.name, values, program.argnums);
  const source = typeScriptOf(program.compiled);
  if (source === undefined) return formulaProgram(program.text, values);
  const [, name] = /function ([\w$]+)/.exec(source)!;
  return compiledProgram(
    source,
    name!,
    values,
    values.map((_, i) => i),
  );
}

/** A program marked "use ad", compiled from its text, which needs no build plugin. */
function compiledProgram(
  text: string,
  name: string,
  values: readonly string[],
  argnums: readonly number[],
): string {
  const lines = [
    ...(argnums.length === 0 ? [] : ['import { valueAndGrad } from "downhill";']),
    'import { compile } from "downhill/plain";',
    "",
    "// With a build plugin the function can be part of the program: see plain-setup in the documentation.",
    `const program = await compile(\`\n${escapeTemplate(text.trim())}\n\`);`,
    "",
    ...(argnums.length === 0
      ? [`console.log("value", program.${name}(${values.join(", ")}));`]
      : [
          `const f = valueAndGrad(program.${name}, { argnums: [${argnums.join(", ")}] });`,
          `const [value, gradient] = f(${values.join(", ")});`,
          'console.log("value", value);',
          'console.log("gradient", JSON.stringify(gradient));',
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** A formula with functions that TypeScript lacks, over tensors. */
function formulaProgram(text: string, values: readonly string[]): string {
  return `import { tensor, valueAndGrad } from "downhill";
import { defineLandscape } from "downhill/landscapes";

const { value: f, coordinates } = defineLandscape(\`${escapeTemplate(text)}\`);
const [value, gradient] = valueAndGrad(f)(tensor([${values.join(", ")}]));
console.log("value", value.item());
console.log("gradient in", coordinates.join(", "), JSON.stringify(gradient.tolist()));
`;
}

/** A race of the pages, with its table. */
export function raceProgram({ formula, start, racers, steps, known = {} }: RaceStart): string {
  const runs = racers.map((racer, i) => ({
    name: `${i + 1}. ${racerName(racer)}`,
    code: optimizerCode(racer, steps),
  }));
  return raceText({ formula, start, steps, runs, ...known });
}

/** A race as code. */
export interface RaceText extends KnownGround {
  readonly formula: string;
  readonly start: readonly number[];
  readonly steps: number;
  /** Names of the runs, and their optimisers as code. */
  readonly runs: readonly { readonly name: string; readonly code: string }[];
}

/** A race with its table, and its animated picture. */
export function raceText({ formula, start, steps, runs, box, minima, lowest }: RaceText): string {
  const options = [
    `start: ${literal(start)}`,
    ...(box === undefined ? [] : [`domain: ${literal(box)}`]),
    ...(minima === undefined || minima.length === 0 ? [] : [`minima: ${literal(minima)}`]),
    ...(lowest === undefined ? [] : [`lowest: ${literal(lowest)}`]),
  ];
  const names = [...new Set(runs.flatMap(({ code }) => code.match(/\b[a-z]\w+(?=\()/gi) ?? []))].toSorted();
  const entries = runs.map(({ name, code }) => `    ${JSON.stringify(name)}: ${code},`);
  return `import { defineLandscape, landscapeSvg, landscapeText, race } from "downhill/landscapes";
import { ${names.join(", ")} } from "downhill/optim";

const landscape = defineLandscape(\`${escapeTemplate(formula)}\`, {
  ${options.join(",\n  ")},
});
const result = race(
  landscape,
  {
${entries.join("\n")}
  },
  { steps: ${steps} },
);
console.log(landscapeText(result));

// An animated picture: write it to a file.
export const picture = landscapeSvg(result, { animated: true });
`;
}

const optimizers: Readonly<Record<RacerId, string>> = {
  sgd: "sgd",
  momentum: "sgd",
  nesterov: "sgd",
  adagrad: "adagrad",
  rmsprop: "rmsprop",
  adam: "adam",
  amsgrad: "adam",
};

const flags: Readonly<Partial<Record<RacerId, string>>> = {
  nesterov: "nesterov: true",
  amsgrad: "amsgrad: true",
};

function optimizerCode({ kind, settings, schedule }: Racer, steps: number): string {
  const options = Object.entries(settings).map(([key, value]) =>
    key === "lr" ? `learningRate: ${rateCode(value, schedule, steps)}` : `${key}: ${value}`,
  );
  return `${optimizers[kind]}({ ${[...options, ...(flags[kind] === undefined ? [] : [flags[kind]])].join(", ")} })`;
}

/** A rate with its schedule, as in `scheduleShapes`. */
function rateCode(rate: number, schedule: ScheduleId, steps: number): string {
  switch (schedule) {
    case "constant":
      return String(rate);
    case "step":
      return `stepDecay({ from: ${rate}, factor: 0.5, every: ${Math.max(1, Math.ceil(steps / 4))} })`;
    case "exponential":
      return `exponentialDecay({ from: ${rate}, factor: 0.01, every: ${steps} })`;
    case "cosine":
      return `cosineDecay({ from: ${rate}, steps: ${steps} })`;
    case "cyclic":
      return `cyclic({ base: ${rate / 10}, max: ${rate}, stepSizeUp: ${Math.max(1, Math.round(steps / 8))} })`;
    case "one-cycle":
      return `oneCycle({ max: ${rate}, steps: ${steps} })`;
    default:
      return schedule satisfies never;
  }
}

/** Writes numbers, arrays and records as code. */
function literal(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map((one) => literal(one)).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return literal(Array.from(value as Float64Array));
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${literal(one)}`)
      .join(", ")} }`;
  return JSON.stringify(value) ?? "undefined";
}

/** Escapes a text for a template literal. */
function escapeTemplate(text: string): string {
  return text.replaceAll(/[\\`]|\$\{/g, (part) => `\\${part}`);
}
