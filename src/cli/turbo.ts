import type { ArgsDef } from "citty";
import { DownhillError } from "../engine/errors/index.ts";

/** The option that all computing commands have in addition to their own. */
export const turboOption: ArgsDef = {
  turbo: {
    type: "boolean",
    description:
      "faster code by experimental switches of the engine: 256-bit vectors on Node 24, after a\n" +
      "check that they give the same bits; fused products on Node 20, whose last bits may differ;\n" +
      "so does DOWNHILL_TURBO=1",
  },
};

/** Environment variable for all commands: 1 is on; 0 or empty is off. */
const variable = "DOWNHILL_TURBO";

/**
 * Removes `--turbo` from the words of a command and returns whether it, or else the environment, requests turbo mode.
 *
 * @throws DownhillError `option` for an invalid value of the environment variable.
 */
export function takeTurbo(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly words: readonly string[]; readonly isWanted: boolean } {
  const end = words.indexOf("--");
  const isOption = (i: number): boolean => end < 0 || i < end;
  const has = (option: string): boolean => words.some((word, i) => isOption(i) && word === option);
  const rest = words.filter((word, i) => !isOption(i) || !/^--(?:no-)?turbo$/.test(word));
  if (has("--turbo") || has("--no-turbo")) return { words: rest, isWanted: has("--turbo") };
  const value = environment[variable] ?? "";
  if (!["", "0", "1"].includes(value))
    throw new DownhillError("option", `${variable} must be 1 (on) or 0 (off), not ${JSON.stringify(value)}.`);
  return { words: rest, isWanted: value === "1" };
}
