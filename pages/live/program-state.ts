// Program of a page and the values of its inputs: the reader's texts, and the last valid state.
import { batch, computed, type ReadonlySignal, type Signal } from "@preact/signals";
import type { PageState } from "./address.ts";
import {
  isPlain,
  plainReader,
  type Problem,
  problemOf,
  type Program,
  type ProgramInput,
  readProgram,
} from "./program.ts";
import type { Tape } from "./tape.ts";

/** A program with arguments and the tape of its run. */
export interface ProgramRun {
  readonly program: Program;
  readonly args: readonly unknown[];
  readonly tape: Tape;
}

/** State of a page's program. Figures show `run`. */
export interface ProgramState {
  readonly text: Signal<string>;
  /** Texts typed for inputs, by name. Other inputs have their initial values. */
  readonly typed: Signal<ReadonlyMap<string, string>>;
  /** The last valid program at the last valid arguments. */
  readonly run: ReadonlySignal<ProgramRun>;
  /** The last valid program. Newer than the one in `run` while the values of its inputs are not all valid. */
  readonly program: ReadonlySignal<Program>;
  /** Fault of the current text. */
  readonly problem: ReadonlySignal<Problem | undefined>;
  /** Faults of the current values, by input name. */
  readonly valueProblems: ReadonlySignal<ReadonlyMap<string, string>>;
  /** True if the text needs the TypeScript reader: call `loadPlain`. */
  readonly isWaiting: ReadonlySignal<boolean>;
  /** Text of an input's value. */
  valueOf(input: ProgramInput): string;
  setValue(name: string, text: string): void;
  /** Sets the text. A number that the new text changes replaces a typed value. */
  setText(text: string): void;
  /** Sets a program with values. */
  choose(text: string, values?: Readonly<Record<string, string>>): void;
}

/**
 * Creates the state of a page's program.
 *
 * @param page stores the text and the values in its address
 * @param text initial program; TypeScript only if the page has called {@link loadPlain} before
 * @param keys keys of the text and of the values in the address
 */
export function programState(
  page: PageState,
  text: string,
  values: Readonly<Record<string, string>> = {},
  keys: readonly [text: string, values: string] = ["program", "at"],
): ProgramState {
  const held = page.text(keys[0], text);
  const typed = page.value(keys[1], new Map(Object.entries(values)), readValues, writeValues);
  let lastProgram: Program | undefined;
  let lastRun: ProgramRun | undefined;
  const valueOf = ({ name, start }: ProgramInput): string => typed.value.get(name) ?? start;

  const read = computed((): { program: Program; problem: Problem | undefined } => {
    try {
      lastProgram = readProgram(held.value) ?? lastProgram;
      return { program: lastProgram ?? firstOf(text), problem: undefined };
    } catch (error) {
      return { program: lastProgram ?? firstOf(text), problem: problemOf(error) };
    }
  });
  const evaluated = computed(
    (): { run: ProgramRun; problems: ReadonlyMap<string, string>; fault: Problem | undefined } => {
      const { program } = read.value;
      const problems = new Map<string, string>();
      const args = program.inputs.map((input) => {
        try {
          return program.argument(input, valueOf(input));
        } catch (error) {
          problems.set(input.name, `${input.name}: ${problemOf(error).message}.`);
          return undefined;
        }
      });
      let fault: Problem | undefined;
      if (problems.size === 0 || lastRun === undefined) {
        const known = args.map(
          (arg, i) => arg ?? program.argument(program.inputs[i]!, program.inputs[i]!.start),
        );
        try {
          lastRun = { program, args: known, tape: program.tape(known) };
        } catch (error) {
          fault = problemOf(error);
          lastRun ??= runOf(firstOf(text));
        }
      }
      return { run: lastRun, problems, fault };
    },
  );
  const setText = (next: string): void => {
    const before = startsOf(read.value.program);
    batch(() => {
      held.value = next;
      const after = read.value.problem === undefined ? startsOf(read.value.program) : before;
      const kept = [...typed.value].filter(
        ([name]) => before.get(name) === (after.get(name) ?? before.get(name)),
      );
      if (kept.length < typed.value.size) typed.value = new Map(kept);
    });
  };
  return {
    text: held,
    typed,
    program: computed(() => read.value.program),
    run: computed(() => evaluated.value.run),
    problem: computed(() => read.value.problem ?? evaluated.value.fault),
    valueProblems: computed(() => evaluated.value.problems),
    isWaiting: computed(() => isPlain(held.value) && plainReader.value === undefined),
    valueOf,
    setValue: (name, given) => (typed.value = new Map([...typed.value, [name, given]])),
    setText,
    choose: (next, given = {}) =>
      batch(() => {
        held.value = next;
        typed.value = new Map(Object.entries(given));
      }),
  };
}

function startsOf({ inputs }: Program): ReadonlyMap<string, string> {
  return new Map(inputs.map(({ name, start }) => [name, start]));
}

/** Parses the initial program of a page, which must be valid. */
function firstOf(text: string): Program {
  const program = readProgram(text);
  if (program === undefined)
    throw new Error("this page begins with TypeScript: its `prepare` must call loadPlain");
  return program;
}

function runOf(program: Program): ProgramRun {
  const args = program.inputs.map((input) => program.argument(input, input.start));
  return { program, args, tape: program.tape(args) };
}

/** Encodes values for the address: `x=2;w=[1, 2]`. */
function writeValues(values: ReadonlyMap<string, string>): string {
  return [...values].map(([name, value]) => `${name}=${value}`).join(";");
}

function readValues(text: string): ReadonlyMap<string, string> {
  const parts = text.split(";").filter((part) => part.trim() !== "");
  return new Map(
    parts.map((part) => {
      const at = part.indexOf("=");
      if (at < 1) throw new Error(`${part} is no name=value`);
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}
