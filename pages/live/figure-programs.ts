// Sharing of figures: their program and their animation. The modules that write them are loaded when a reader asks.
import type { Markup } from "../../src/pictures/plot/markup.ts";
import type { ProgramRun } from "./program-state.ts";
import type { RaceStart } from "./race-state.ts";

/** Shares value and gradient of a reader's program. */
export function shareRun(run: () => ProgramRun): { readonly program: () => Promise<string> } {
  return {
    program: async () => {
      const { gradientProgram } = await import("./shared-program.ts");
      const { program, args } = run();
      return gradientProgram(program, args);
    },
  };
}

/** Shares a race as a program and as an animated picture. */
export function shareRace(race: () => RaceStart): {
  readonly program: () => Promise<string>;
  readonly animation: () => Promise<Markup>;
} {
  return {
    program: async () => (await import("./shared-program.ts")).raceProgram(race()),
    animation: async () => (await import("./race-animation.ts")).raceAnimation(race()),
  };
}
