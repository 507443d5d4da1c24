import * as random from "downhill/random";
import { Choices } from "../../test/support/random-choices.ts";
import { randomPlain } from "../../test/support/random-plain.ts";
import { problemOf, type Program, readProgram } from "./program.ts";

/** Choices of a random program, drawn from a seed. */
export function choicesOf(seed: number): Choices {
  return new Choices(random.randint(random.key(seed), [600], 0, 1_000_000).tolist() as number[]);
}

/**
 * Random program in TypeScript that returns one number for its arguments; `undefined` if the program of this seed returns several numbers
 * or ends with a `throw` of its own.
 *
 * @throws Every other error of reading or running the program.
 */
export function randomPlainProgram(
  seed: number,
): { readonly program: Program; readonly args: readonly unknown[] } | undefined {
  const { typescript, args } = randomPlain(choicesOf(seed));
  try {
    const program = readProgram(typescript);
    if (program === undefined) throw new Error("the TypeScript parser is not loaded");
    program.value(args);
    return { program, args };
  } catch (error) {
    const isThrown = (error as { readonly code?: unknown }).code === "thrown";
    if (isThrown || /returns more than one number/.test(problemOf(error).message)) return undefined;
    throw error;
  }
}
