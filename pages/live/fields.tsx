// Draggable numbers, fields and choices.
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { numberFrom, type NumberRange } from "./address.ts";

/** A number that can be changed, with its description. */
interface NumberProps extends NumberRange {
  /** Holder of the value: a signal, or an object whose `value` has a getter and a setter. */
  readonly value: { value: number };
  /** Name for screen readers, and of the text field. */
  readonly label: string;
  /** Formats the number. Default: up to four digits. */
  readonly show?: (value: number) => string;
}

/** Formats a number with at most four digits and a typographic minus sign. */
export function shortNumber(value: number): string {
  const rounded = Number(value.toPrecision(4));
  const text = Math.abs(rounded) >= 1e6 ? rounded.toExponential() : String(rounded);
  return text.replace("e+", "e").replaceAll("-", "−");
}

const pixelsAStep = 4;

/** Change per step. */
function stepOf({ min, max, step }: NumberRange): number {
  return step ?? (min === undefined || max === undefined ? 0.1 : (max - min) / 100);
}

/** Rounds a number to the grid of steps and limits it to the range. */
function within(value: number, range: NumberRange): number {
  const step = stepOf(range);
  const onGrid = Number((Math.round(value / step) * step).toPrecision(12));
  return Math.min(range.max ?? Infinity, Math.max(range.min ?? -Infinity, onGrid));
}

/** The number after a key press; `undefined` if the key has no effect. */
function afterKey(key: string, value: number, range: NumberRange): number | undefined {
  const step = stepOf(range);
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return within(value + step, range);
    case "ArrowLeft":
    case "ArrowDown":
      return within(value - step, range);
    case "PageUp":
      return within(value + 10 * step, range);
    case "PageDown":
      return within(value - 10 * step, range);
    case "Home":
      return range.min;
    case "End":
      return range.max;
    default:
      return undefined;
  }
}

/**
 * A number in a sentence or a formula. It can be dragged sideways, changed by the arrow keys (ten steps with Page Up
 * and Page Down), and typed after a click or Enter.
 */
export function Drag({ value, label, show = shortNumber, ...range }: NumberProps): JSX.Element {
  const isTyped = useSignal(false);
  const start = useRef<{ x: number; from: number; moved: boolean } | undefined>(undefined);
  const text = useComputed(() => show(value.value));
  if (isTyped.value)
    return <TypedNumber value={value} label={label} range={range} done={() => (isTyped.value = false)} />;
  return (
    <span
      class="drag"
      role="spinbutton"
      tabIndex={0}
      aria-label={label}
      aria-valuenow={value.value}
      aria-valuemin={range.min}
      aria-valuemax={range.max}
      aria-valuetext={text.value}
      title="drag, use the arrow keys, or click and type"
      onKeyDown={(event) => {
        const next = afterKey(event.key, value.value, range);
        if (event.key === "Enter") isTyped.value = true;
        else if (next === undefined) return;
        else value.value = next;
        event.preventDefault();
      }}
      onPointerDown={(event) => {
        start.current = { x: event.clientX, from: value.value, moved: false };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const begun = start.current;
        if (begun === undefined) return;
        const steps = Math.round((event.clientX - begun.x) / pixelsAStep);
        if (steps !== 0) begun.moved = true;
        if (begun.moved) value.value = within(begun.from + steps * stepOf(range), range);
      }}
      onPointerUp={() => {
        if (start.current?.moved === false) isTyped.value = true;
        start.current = undefined;
      }}
      onPointerCancel={() => (start.current = undefined)}
    >
      {text}
    </span>
  );
}

interface TypedProps {
  readonly value: { value: number };
  readonly label: string;
  readonly range: NumberRange;
  readonly done: () => void;
}

/** Text field of a number. Enter accepts the input, Escape cancels it. */
function TypedNumber({ value, label, range, done }: TypedProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const problem = useSignal("");
  const id = useId();
  useEffect(() => field.current?.select(), []);
  const take = (text: string): void => {
    try {
      value.value = numberFrom(text, range);
      done();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <span class="drag-typed">
      <input
        ref={field}
        inputMode="decimal"
        size={6}
        aria-label={label}
        aria-invalid={problem.value !== ""}
        aria-describedby={id}
        defaultValue={String(value.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") take(event.currentTarget.value);
          if (event.key === "Escape") done();
        }}
        onBlur={(event) => (problem.value === "" ? take(event.currentTarget.value) : done())}
        onInput={() => (problem.value = "")}
      />
      <span id={id} class="problem" role="alert">
        {problem}
      </span>
    </span>
  );
}

/** A slider with its name and value. */
export function Slider({
  value,
  label,
  name,
  show = shortNumber,
  isLog = false,
  ...range
}: Omit<NumberProps, "value"> & {
  /** Holder of the value: a signal, or an object whose `value` has a getter and a setter. */
  readonly value: { value: number };
  /** Name for screen readers if the label alone is ambiguous. It contains the label. */
  readonly name?: string;
  readonly min: number;
  readonly max: number;
  /**
   * Whether the scale is logarithmic. The range must then be positive, and `step` is a step of the base-10 logarithm.
   */
  readonly isLog?: boolean;
}): JSX.Element {
  const { min, max } = range;
  const to = (x: number): number => (isLog ? Math.log10(x) : x);
  const from = (x: number): number => (isLog ? Number((10 ** x).toPrecision(3)) : x);
  return (
    <label class="slider">
      <span class="slider-name">{label}</span>
      <input
        type="range"
        min={to(min)}
        max={to(max)}
        step={isLog ? (range.step ?? (to(max) - to(min)) / 200) : stepOf(range)}
        value={to(value.value)}
        aria-label={name}
        aria-valuetext={show(value.value)}
        onInput={(event) => (value.value = from(event.currentTarget.valueAsNumber))}
      />
      <output>{show(value.value)}</output>
    </label>
  );
}

/** An example text, shown as a button that fills it in. */
export interface ExampleText {
  readonly name: string;
  readonly text: string;
  readonly choose: () => void;
}

/** Buttons of example texts. The button of the current text is pressed. */
export function Examples({
  current,
  examples,
}: {
  readonly current: string;
  readonly examples: readonly ExampleText[];
}): JSX.Element {
  return (
    <span class="examples">
      {examples.map(({ name, text, choose }) => (
        <button type="button" aria-pressed={current === text} onClick={choose}>
          {name}
        </button>
      ))}
    </span>
  );
}

/** A choice of one of a few options, as toggle buttons. */
export function Choice<T extends string>({
  value,
  label,
  options,
}: {
  /** Holder of the value: a signal, or an object whose `value` has a getter and a setter. */
  readonly value: { value: T };
  readonly label: string;
  readonly options: readonly (readonly [T, string])[];
}): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map(([option, words]) => (
        <button type="button" aria-pressed={value.value === option} onClick={() => (value.value = option)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}

/** A switch. */
export function Toggle({
  value,
  label,
}: {
  readonly value: Signal<boolean>;
  readonly label: string;
}): JSX.Element {
  return (
    <label class="toggle">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => (value.value = event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

/**
 * A text field for a formula or a program, with a message below it if the text is invalid. The page then keeps showing
 * the last valid text.
 */
export function TextField({
  value,
  label,
  problem,
  rows = 1,
  children,
}: {
  /** Holder of the value: a signal, or an object whose `value` has a getter and a setter. */
  readonly value: { value: string };
  readonly label: ComponentChildren;
  /** Message about the current text; empty if it is valid. */
  readonly problem: { readonly value: string };
  readonly rows?: number;
  /** Content next to the label, such as examples. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  const id = useId();
  const lines = Math.max(rows, value.value.split("\n").length);
  return (
    <div class="text-field">
      <div class="text-field-head">
        <label for={id}>{label}</label>
        {children}
      </div>
      <textarea
        id={id}
        rows={lines}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={value.value}
        aria-invalid={problem.value !== ""}
        aria-describedby={`${id}-problem`}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
      <pre id={`${id}-problem`} class="problem" role="alert">
        {problem.value}
      </pre>
    </div>
  );
}
