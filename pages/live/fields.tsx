// Numbers to drag, fields and choices: what a reader changes.
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { numberFrom, type NumberRange } from "./address.ts";

/** A number that can be changed, with the words for it. */
interface NumberProps extends NumberRange {
  /** A signal, or what reads and writes one. */
  readonly value: { value: number };
  /** What screen readers say, and the field when it is typed into. */
  readonly label: string;
  /** The number as text; left out, up to four digits. */
  readonly show?: (value: number) => string;
}

/** A number of at most four digits, with a minus sign of its own. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4))).replaceAll("-", "−");
}

const pixelsAStep = 4;

/** What one step changes. */
function stepOf({ min, max, step }: NumberRange): number {
  return step ?? (min === undefined || max === undefined ? 0.1 : (max - min) / 100);
}

/** The number on the grid of steps that is nearest, within the range. */
function within(value: number, range: NumberRange): number {
  const step = stepOf(range);
  const onGrid = Number((Math.round(value / step) * step).toPrecision(12));
  return Math.min(range.max ?? Infinity, Math.max(range.min ?? -Infinity, onGrid));
}

/** The number after a key; `undefined` where the key means nothing here. */
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
 * A number in a sentence or a formula: dragged sideways, changed by the arrow keys (by ten steps with Page Up and Page Down), and
 * typed after a click or Enter.
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

/** The field into which a number is typed; Enter takes it, Escape leaves it. */
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

/** A number as a slider with its name and value. */
export function Slider({
  value,
  label,
  name,
  show = shortNumber,
  isLog = false,
  ...range
}: Omit<NumberProps, "value"> & {
  /** A signal, or what stands for one. */
  readonly value: { value: number };
  /** What screen readers say, where the label alone does not tell whose it is; it has the label in it. */
  readonly name?: string;
  readonly min: number;
  readonly max: number;
  /** Whether equal ways are equal factors; the range must be above 0, and `step` is one of logarithms to base 10. */
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

/** A text to begin with, as a button that fills it in. */
export interface ExampleText {
  readonly name: string;
  readonly text: string;
  readonly choose: () => void;
}

/** Texts to begin with; the one that stands in the field is pressed. */
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

/** One of a few options, as buttons of which one is pressed. */
export function Choice<T extends string>({
  value,
  label,
  options,
}: {
  /** A signal, or what reads and writes one. */
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
 * A field for a formula or a program. What is wrong with it stands under it, as `check` throws it: the page keeps showing the last
 * text that could be read.
 */
export function TextField({
  value,
  label,
  problem,
  rows = 1,
  children,
}: {
  /** A signal, or what reads and writes one. */
  readonly value: { value: string };
  readonly label: ComponentChildren;
  /** What is wrong with the text now; "" where nothing is. */
  readonly problem: { readonly value: string };
  readonly rows?: number;
  /** What stands beside the label: examples to choose. */
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
