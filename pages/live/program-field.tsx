// Field for a program and the values of its inputs.
import { computed } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useMemo } from "preact/hooks";
import { numberFrom } from "./address.ts";
import { Drag, TextField } from "./fields.tsx";
import { loadPlain, type ProgramInput } from "./program.ts";
import type { ProgramState } from "./program-state.ts";

/** An example program with its name. */
export interface ProgramExample {
  readonly name: string;
  readonly text: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** Text field of a program, with a number to drag or a text field for each of its inputs. Messages are shown below. */
export function ProgramField({
  state,
  label = "The program: a formula, statements, or TypeScript",
  examples = [],
  rows = 1,
}: {
  readonly state: ProgramState;
  readonly label?: ComponentChildren;
  readonly examples?: readonly ProgramExample[];
  readonly rows?: number;
}): JSX.Element {
  const isWaiting = state.isWaiting.value;
  useEffect(() => {
    if (isWaiting) void loadPlain();
  }, [isWaiting]);
  const text = useMemo(
    () => ({
      get value() {
        return state.text.value;
      },
      set value(next: string) {
        state.setText(next);
      },
    }),
    [state],
  );
  const problem = useMemo(() => computed(() => state.problem.value?.message ?? ""), [state]);
  const { inputs } = state.program.value;
  return (
    <div class="program">
      <TextField value={text} label={label} problem={problem} rows={rows}>
        {examples.length > 0 && <Examples state={state} examples={examples} />}
      </TextField>
      {isWaiting && <p role="status">Loading what reads TypeScript …</p>}
      {inputs.length > 0 && (
        <div class="inputs" role="group" aria-label="Values of the inputs">
          {inputs.map((input) => (
            <InputField key={`${input.kind} ${input.name}`} state={state} input={input} />
          ))}
        </div>
      )}
    </div>
  );
}

function Examples({
  state,
  examples,
}: {
  readonly state: ProgramState;
  readonly examples: readonly ProgramExample[];
}): JSX.Element {
  const chosen = examples.findIndex(({ text }) => text === state.text.value);
  return (
    <select
      aria-label="Examples"
      value={String(chosen)}
      onChange={({ currentTarget }) => {
        const example = examples[Number(currentTarget.value)];
        if (example !== undefined) state.choose(example.text, example.values);
      }}
    >
      {chosen < 0 && <option value="-1">your own</option>}
      {examples.map(({ name }, i) => (
        <option value={String(i)}>{name}</option>
      ))}
    </select>
  );
}

/** Field for the value of an input: a number can be dragged or typed, other data can be typed. */
function InputField({
  state,
  input,
}: {
  readonly state: ProgramState;
  readonly input: ProgramInput;
}): JSX.Element {
  const id = useId();
  const { name, kind } = input;
  const text = state.valueOf(input);
  const problem = state.valueProblems.value.get(name);
  const number = numberIn(text);
  return (
    <span class="input">
      {kind === "data" || number === undefined ? (
        <>
          <label for={id}>
            <i>{name}</i> ={" "}
          </label>
          <input
            id={id}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-invalid={problem !== undefined}
            aria-describedby={`${id}-problem`}
            value={text}
            onInput={({ currentTarget }) => state.setValue(name, currentTarget.value)}
          />
        </>
      ) : (
        <>
          <span>
            <i>{name}</i> ={" "}
          </span>
          <Drag
            label={name}
            step={kind === "whole" ? 1 : 0.1}
            value={{
              get value() {
                return number;
              },
              set value(next: number) {
                state.setValue(name, String(next));
              },
            }}
          />
        </>
      )}
      <span id={`${id}-problem`} class="problem" role="alert">
        {problem}
      </span>
    </span>
  );
}

function numberIn(text: string): number | undefined {
  try {
    return numberFrom(text);
  } catch {
    return undefined;
  }
}
