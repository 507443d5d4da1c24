// Errors of difference quotients by step size h.
import type { ProgramRun } from "../../live/program-state.ts";

/** Errors of difference quotients relative to the derivative; absolute if the derivative is 0. */
export interface DifferenceErrors {
  /** Name of the varied number. */
  readonly of: string;
  readonly derivative: number;
  readonly h: readonly number[];
  readonly forward: readonly number[];
  readonly central: readonly number[];
}

const perDecade = 3; // step sizes h
const smallest = -15; // powers of 10
const largest = 0;

/** Step sizes h, in increasing order. */
const steps: readonly number[] = Array.from(
  { length: (largest - smallest) * perDecade + 1 },
  (_, i) => 10 ** (smallest + i / perDecade),
);

/** One quotient of each kind, and the function values that they use. */
export interface Quotients {
  readonly above: number;
  readonly here: number;
  readonly below: number;
  readonly forward: number;
  readonly central: number;
}

/** Difference quotients with step h in one number of the arguments. */
export function quotientsAt({ program, args }: ProgramRun, input: number, h: number): Quotients {
  const numbers = program.numbers(args).map(({ value }) => value);
  const at = (moved: number): number =>
    program.value(
      program.withNumbers(
        args,
        numbers.map((x, i) => (i === input ? x + moved : x)),
      ),
    );
  const [above, here, below] = [at(h), at(0), at(-h)];
  return { above, here, below, forward: (above - here) / h, central: (above - below) / (2 * h) };
}

/** Error of a quotient relative to the derivative; absolute if the derivative is 0. */
export function errorOf(quotient: number, derivative: number): number {
  return Math.abs(quotient - derivative) / (derivative === 0 ? 1 : Math.abs(derivative));
}

/**
 * Errors of the difference quotients for all step sizes. Undefined if the program has no number with a derivative at
 * index `input`.
 */
export function differenceErrors(run: ProgramRun, input: number): DifferenceErrors | undefined {
  const { program, args } = run;
  const name = program.numbers(args)[input]?.name;
  if (name === undefined) return undefined;
  const derivative = program.gradient(args)[input]!;
  const quotients = steps.map((h) => quotientsAt(run, input, h));
  return {
    of: name,
    derivative,
    h: steps,
    forward: quotients.map(({ forward }) => errorOf(forward, derivative)),
    central: quotients.map(({ central }) => errorOf(central, derivative)),
  };
}

/** The step size with the smallest error, and that error. */
export function best(
  h: readonly number[],
  errors: readonly number[],
): { readonly h: number; readonly error: number } {
  let at = 0;
  errors.forEach((error, i) => {
    if (error < errors[at]! || Number.isNaN(errors[at]!)) at = i;
  });
  return { h: h[at]!, error: errors[at]! };
}

/** Number of correct decimal digits at a relative error, from 0 to 16. */
export function digitsOf(error: number): number {
  return Math.max(0, Math.min(16, Math.floor(-Math.log10(error))));
}

/** A positive number as a formula: `4.8*10^-12`. */
export function scientific(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e\+?/, "*10^");
}
