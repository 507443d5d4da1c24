// Fields of the inputs: sliders with text fields for numbers, small tables for arrays.
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { numberFrom } from "../live/address.ts";
import type { ProgramInput } from "../live/program.ts";
import type { NumberInput, Range } from "./question.ts";
import { DataTable, isTabular } from "./table.tsx";

interface InputProps {
  readonly input: ProgramInput;
  /** Text of the value that the field shows. */
  readonly text: string;
  readonly problem: string | undefined;
  readonly range: Range;
  readonly derivative: number | undefined;
  readonly change: (text: string) => void;
}

/** An input with its value. A fault is shown below. */
export function Input(props: InputProps): JSX.Element {
  const id = useId();
  const { input, text, problem } = props;
  const isNumber = input.kind !== "data";
  return (
    <div class={isNumber ? "input" : "input is-data"}>
      {isNumber ? <NumberField {...props} id={id} /> : <DataField {...props} id={id} />}
      <span id={`${id}-problem`} class="problem" role="alert" key={text === "" ? "empty" : "given"}>
        {problem}
      </span>
    </div>
  );
}

function NumberField({
  input: { name, kind },
  text,
  problem,
  range: [min, max],
  change,
  id,
}: InputProps & { readonly id: string }): JSX.Element {
  const value = numberIn(text);
  return (
    <>
      <label for={id}>{name}</label>
      <input
        type="range"
        aria-label={`${name}, from ${min} to ${max}`}
        min={min}
        max={max}
        step={kind === "whole" ? 1 : (max - min) / 400}
        value={value ?? min}
        onInput={(event) => change(String(Number(event.currentTarget.valueAsNumber.toPrecision(4))))}
      />
      <input
        id={id}
        class="number"
        inputMode="decimal"
        autocomplete="off"
        value={text}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </>
  );
}

function DataField({
  input: { name },
  text,
  problem,
  change,
  id,
}: InputProps & { readonly id: string }): JSX.Element {
  if (isTabular(text)) return <DataTable name={name} text={text} change={change} />;
  return (
    <>
      <label for={id}>{name}</label>
      <input
        id={id}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={text}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </>
  );
}

function numberIn(text: string): number | undefined {
  try {
    return numberFrom(text);
  } catch {
    return undefined;
  }
}

/** Range of an input's slider: that of its number. */
export function rangeOf({ name, kind }: ProgramInput, numbers: readonly NumberInput[]): Range {
  return numbers.find((number) => number.name === name)?.range ?? (kind === "whole" ? [0, 10] : [-4, 4]);
}
