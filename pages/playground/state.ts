// State of the playground, all of which is stored in the address.
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { readData } from "../../src/cli/shared/data-text.ts";
import { type PageState, pageState } from "../live/address.ts";
import { type Asking, askWorker } from "./asking.ts";
import { examples } from "./examples.ts";
import {
  type Answer,
  type Language,
  languages,
  madeData,
  type Question,
  type Range,
  type Texts,
  type View,
  views,
} from "./question.ts";

export const state: PageState = pageState({ isPacked: true });

const [first] = examples;

export const text: Signal<string> = state.text("text", first.text);
/** Typed values of inputs. Other inputs have their initial values. */
export const typed: Signal<Texts> = record("at", {}, (value) => {
  if (typeof value !== "string") throw new Error("a value is no text");
  return value;
});
export const view: Signal<View> = state.choice("view", "trace", views);
/** Mode of the trace: `reverse`, or `forward0` and so on. */
export const mode: Signal<string> = state.text("mode", "reverse");
/** Step of the trace, from 0; −1 for the last one. */
export const step: Signal<number> = state.number("step", -1, { min: -1 });
export const along: Signal<readonly string[]> = state.value<readonly string[]>(
  "along",
  [],
  (found) => found.split(" ").filter((name) => name !== ""),
  (names) => names.join(" "),
);
export const ranges: Signal<Readonly<Record<string, Range>>> = record("ranges", {}, (value): Range => {
  if (!Array.isArray(value) || value.length !== 2) throw new Error("a range is no pair of numbers");
  const [from, to] = value as readonly unknown[];
  if (typeof from !== "number" || typeof to !== "number" || !(from < to))
    throw new Error("a range goes from a smaller number to a larger one");
  return [from, to];
});
/** Optimisers as typed. Empty: four common ones, with rates selected by the curvature at the start. */
export const optimizers: Signal<string> = state.text("optimizers", "");
/** Number of steps, as typed. */
export const steps: Signal<string> = state.text("steps", "200");
export const language: Signal<Language> = state.choice("code", "javascript", languages);
export const data: Signal<string> = state.text("data", madeData);
export const target: Signal<string> = state.text("target", "");

/** A record of values of one type, stored as JSON. */
function record<T>(
  key: string,
  initial: Readonly<Record<string, T>>,
  check: (value: unknown) => T,
): Signal<Readonly<Record<string, T>>> {
  return state.value<Readonly<Record<string, T>>>(
    key,
    initial,
    (found) => {
      const value: unknown = JSON.parse(found);
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new Error("it is no list of names with values");
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, check(one)]));
    },
    (value) => JSON.stringify(value),
  );
}

export const question: ReadonlySignal<Question> = computed(() => ({
  text: text.value,
  typed: typed.value,
  view: view.value,
  along: along.value,
  ranges: ranges.value,
  optimizers: optimizers.value,
  steps: /^\s*\d+\s*$/.test(steps.value) ? Number(steps.value) : Number.NaN,
  language: language.value,
  data: data.value,
  target: target.value,
}));

const received = signal<Answer | undefined>(undefined);
const readable = signal<Answer | undefined>(undefined); // the last answer with a valid text
const complete = signal<Answer | undefined>(undefined); // the last answer with content

/** True if the last answer belongs to an older question, because the answer is late or was stopped. */
export const isOutdated: ReadonlySignal<boolean> = computed(
  () => typeof Worker !== "undefined" && worker().work.value !== "idle",
);
/**
 * The last answer, which exists after `prepare` has resolved. While a newer question is computed, the faults of the
 * older one are hidden.
 */
export const latest: ReadonlySignal<Answer> = computed(() => {
  const answer = known(received.value);
  return isOutdated.value
    ? { ...answer, problem: undefined, valueProblems: {}, viewProblem: undefined }
    : answer;
});
/** The last answer with a valid text. Its inputs are shown. */
export const program: ReadonlySignal<Answer> = computed(() => known(readable.value));
/** The last answer with content. */
export const seen: ReadonlySignal<Answer> = computed(() => known(complete.value));

function known(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new Error("the playground is drawn before its first answer");
  return answer;
}

let isEdited = false; // true if the text was typed since the last answer

function take(answer: Answer): void {
  batch(() => {
    received.value = answer;
    if (answer.title !== "") {
      if (isEdited && answer.text === text.peek())
        forgetChanged(readable.peek()?.starts ?? {}, answer.starts);
      readable.value = answer;
    }
    if (answer.shown !== undefined) complete.value = answer;
  });
}

/** Discards typed values of numbers that a new text changed. */
function forgetChanged(before: Texts, after: Texts): void {
  isEdited = false;
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  const kept = Object.entries(typed.peek()).filter(([name]) => !changed.includes(name));
  if (kept.length < Object.keys(typed.peek()).length) typed.value = Object.fromEntries(kept);
}

let asking: Asking | undefined;

/** The worker. Only in a browser. */
export function worker(): Asking {
  return (asking ??= askWorker(take));
}

/**
 * Resolves when the first answer is available. In the browser, every later change of the question is sent to the
 * worker.
 */
export async function prepare(): Promise<void> {
  if (typeof Worker === "undefined") {
    const { answer } = await import("./answer.ts");
    take(await answer(question.value));
    return;
  }
  effect(() => worker().ask(question.value));
  await new Promise<void>((resolve) => {
    const end = received.subscribe((answer) => {
      if (answer !== undefined) resolve();
    });
    void Promise.resolve().then(() => end);
  });
}

/** Selects another program. Its own settings apply, and all others are reset. */
export function choose({
  text: next,
  typed: values = {},
  view: shown,
  ...rest
}: (typeof examples)[number]): void {
  isEdited = false;
  batch(() => {
    state.reset();
    text.value = next;
    typed.value = values;
    view.value = shown ?? (view.peek() === "fit" ? "trace" : view.peek());
    if (rest.ranges !== undefined) ranges.value = rest.ranges;
    if (rest.optimizers !== undefined) optimizers.value = rest.optimizers;
    if (rest.data !== undefined) data.value = rest.data;
  });
}

/** Sets the text of an input. */
export function setInput(name: string, value: string): void {
  typed.value = { ...typed.value, [name]: value };
}

/** Changes numbers of inputs, including elements of arrays. */
export function setNumbers(values: ReadonlyMap<string, number>): void {
  const next: Record<string, string> = { ...typed.value };
  for (const { name, kind, start } of program.value.inputs) {
    const own = values.get(name);
    if (own !== undefined) next[name] = shortText(own);
    else if (kind === "data") next[name] = withParts(name, next[name] ?? start, values);
  }
  typed.value = next;
}

function shortText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Data as text, with the numbers at paths such as `w[1]` and `p.x` replaced. */
function withParts(name: string, source: string, values: ReadonlyMap<string, number>): string {
  const moved = [...values].filter(
    ([path]) => /^[.[]/.test(path.slice(name.length)) && path.startsWith(name),
  );
  const read = readData(source);
  if (moved.length === 0 || read === undefined) return source;
  const put = (value: unknown, path: string): unknown => {
    if (typeof value === "number") return Number(shortText(values.get(path) ?? value));
    if (Array.isArray(value)) return value.map((item, i) => put(item, `${path}[${i}]`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, put(item, `${path}.${key}`)]));
  };
  return JSON.stringify(put(read, name)).replaceAll(/(?<mark>[,:])/g, "$<mark> ");
}

/** Sets a typed text. */
export function setText(next: string): void {
  isEdited = true;
  text.value = next;
}
