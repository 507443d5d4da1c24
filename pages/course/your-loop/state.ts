// State of the article's figure and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type PageState, pageState } from "../../live/address.ts";
import type * as Writer from "../../live/emitted.ts";
import { loadPlain, problemOf } from "../../live/program.ts";
import { type ProgramState, programState } from "../../live/program-state.ts";
import { examples } from "./examples.ts";
import { gradientLines, type LoopCosts, loopCosts, type PassRow, passRows } from "./passes.ts";

export const state: PageState = pageState();

const [first] = examples as readonly [(typeof examples)[number]];
export const own: ProgramState = programState(state, first.text, first.values, ["loop", "at"]);
export const step: Signal<number> = state.number("step", 0, { min: 0, step: 1 });
/** The module that writes derivatives as code, loaded before the page becomes interactive. */
const emitted: Signal<typeof Writer | undefined> = signal(undefined);

/** The run of the program, with both of its passes. */
export const rows: ReadonlySignal<readonly PassRow[]> = computed(() => passRows(own.run.value.tape));

/** Lines of the gradient's code, and the costs of the reader's loop; a sentence if the loop cannot be compiled. */
export const compiledLoop: ReadonlySignal<
  { readonly lines: readonly string[]; readonly costs: LoopCosts } | { readonly problem: string }
> = computed(() => {
  const { program, args } = own.run.value;
  const writer = emitted.value;
  if (program.kind !== "plain")
    return { problem: 'A formula has no loop: write a function marked "use ad".' };
  if (program.argnums.length === 0) return { problem: "No input has a derivative." };
  if (writer === undefined) return { problem: "Loading …" };
  try {
    return {
      lines: gradientLines(writer.gradientCode(program)),
      costs: loopCosts(program, args, writer),
    };
  } catch (error) {
    return { problem: problemOf(error).message };
  }
});
/** The costs with which the reader compares, and the name of their loop. */
export const compared: Signal<{ readonly name: string; readonly costs: LoopCosts } | undefined> =
  signal(undefined);

/** Loads the TypeScript parser and the code writer, and counts the costs of the first loop for comparison. */
export async function prepare(): Promise<void> {
  const [writer] = await Promise.all([import("../../live/emitted.ts"), loadPlain()]);
  emitted.value = writer;
  const compiled = compiledLoop.peek();
  if ("costs" in compiled) compared.value ??= { name: own.program.peek().title, costs: compiled.costs };
}
