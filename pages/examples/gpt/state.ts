// State of the page and the values derived from it.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { type Job, jobOf } from "../../live/job.ts";
import { paced } from "../../live/paced.ts";
import type { TrainingWork } from "./gpt.worker.ts";
import { firstParams, type GptParams, type Sizes } from "./model.ts";
import { ownTexts } from "./own-texts.ts";
import { type Baselines, baselinesOf, type Numbered, numbered, problemOf, promptNumbers } from "./text.ts";
import { type TextName, textNames, texts } from "./texts.ts";
import { paramsOf, type Report, type Snapshot, type TrainingOrder } from "./training.ts";
import { write, type Writing } from "./write.ts";

export const state: PageState = pageState({ isPacked: true });

// The text.
const source = state.choice<TextName | "own">("text", "rhyme", [...textNames, "own"]);
const own = ((): Signal<string> => {
  const { read, write: asText } = ownTexts();
  return state.value("own", "", read, asText);
})();
export const prompt: Signal<string> = state.text("prompt", texts.rhyme.prompt);

const exampleText = computed(() => (source.value === "own" ? "" : texts[source.value].text()));
/** The training text. */
export const text: ReadonlySignal<string> = computed(() =>
  source.value === "own" ? own.value : exampleText.value,
);

const rest = 400; // milliseconds without a key press until a typed text is applied, because a new distinct character changes the network
const draft = signal<string | undefined>(undefined);
let waiting: ReturnType<typeof setTimeout> | undefined;

/**
 * Sets a text of the reader. A prompt with characters that the text lacks is replaced by the first word of the text.
 */
function takeText(typed: string): void {
  batch(() => {
    draft.value = undefined;
    source.value = "own";
    own.value = typed;
    if (setup.value !== undefined && promptProblem.value !== "")
      prompt.value = /^\s*\S{1,12}/u.exec(typed)?.[0] ?? typed.slice(0, 1);
  });
}

/**
 * Content of the text field: the training text, or the text being typed. A typed text becomes the training text once
 * typing has paused.
 */
export const field: { value: string } = {
  get value() {
    return draft.value ?? text.value;
  },
  set value(typed) {
    draft.value = typed;
    clearTimeout(waiting);
    waiting = setTimeout(() => takeText(typed), rest);
  },
};

/** Selects an example and its prompt. */
export function chooseExample(name: TextName): void {
  clearTimeout(waiting);
  batch(() => {
    draft.value = undefined;
    source.value = name;
    prompt.value = texts[name].prompt;
  });
}

// The network.
export const sizeOptions = {
  width: ["16", "32", "64", "128"],
  layers: ["1", "2", "3", "4"],
  heads: ["1", "2", "4", "8"],
  context: ["32", "64", "128"],
} as const;
export const width: Signal<"16" | "32" | "64" | "128"> = state.choice("width", "32", sizeOptions.width);
export const layers: Signal<"1" | "2" | "3" | "4"> = state.choice("layers", "2", sizeOptions.layers);
export const heads: Signal<"1" | "2" | "4" | "8"> = state.choice("heads", "4", sizeOptions.heads);
export const context: Signal<"32" | "64" | "128"> = state.choice("context", "64", sizeOptions.context);
export const rate: Signal<number> = state.number("rate", 0.01, { min: 1e-4, max: 0.1 });
export const seed: Signal<number> = state.number("seed", 1, { min: 1, max: 99, step: 1 });

export const problem: ReadonlySignal<string> = computed(() => problemOf(field.value, Number(context.value)));

/** Training text, sizes and seed of a network. */
interface Setup {
  /** Equal for equal networks on equal texts. */
  readonly key: string;
  readonly text: Numbered;
  readonly sizes: Sizes;
  readonly seed: number;
}

const learnable = computed((): Numbered | undefined => {
  const length = Number(context.value);
  return problemOf(text.value, length) === "" ? numbered(text.value, length) : undefined;
});

/** Sizes of the network, seed and text of the training; undefined if the text has a problem. */
export const setup: ReadonlySignal<Setup | undefined> = computed(() => {
  if (learnable.value === undefined) return undefined;
  const sizes = {
    width: Number(width.value),
    layers: Number(layers.value),
    heads: Number(heads.value),
    context: Number(context.value),
    kinds: learnable.value.kinds.length,
  };
  const chosen = { sizes, seed: Math.round(seed.value) };
  return { ...chosen, text: learnable.value, key: JSON.stringify([chosen, text.value]) };
});

/** Losses of predictors without a network. */
const baselines: ReadonlySignal<Baselines | undefined> = computed(
  () => learnable.value && baselinesOf(learnable.value),
);

// Training.
/** Progress of a training run: losses by step, and the latest snapshot. */
interface Trained {
  readonly key: string;
  readonly losses: readonly (Pick<Report, "loss" | "heldOut"> & { readonly step: number })[];
  readonly last?: Snapshot;
}

const untrained: Trained = { key: "", losses: [] };
const told = signal(untrained);
/** Progress of the current network. */
export const trained: ReadonlySignal<Trained> = computed(() =>
  told.value.key === setup.value?.key ? told.value : untrained,
);

export const training: Job<TrainingWork> = jobOf(
  () => new Worker(new URL("./gpt.worker.js", import.meta.url), { type: "module" }),
);

let heard = untrained;
const show = paced(() => (told.value = heard));

/** Trains the current network for more steps. */
export function trainOn(steps: number): void {
  trainBy((order, tell) => training.start(order, tell), steps);
}

/** Shows pending training progress immediately. */
export const showNow = (): void => show.now();

/**
 * Trains by calling `by`, which runs the training in a worker or in the page. Returns its result; `undefined` if the
 * settings or the text do not allow training.
 */
export function trainBy<R>(
  by: (order: TrainingOrder, tell: (report: Report) => void) => R,
  steps: number,
): R | undefined {
  if (setup.value === undefined) return undefined;
  const { key, text: of, sizes, seed: drawn } = setup.value;
  show.cancel();
  heard = { ...trained.value, key };
  told.value = heard;
  const order = { text: of, sizes, seed: drawn, rate: rate.value, steps };
  const from = heard.last;
  return by(from === undefined ? order : { ...order, from }, ({ snapshot, loss, heldOut }) => {
    heard = { key, losses: [...heard.losses, { step: snapshot.step, loss, heldOut }], last: snapshot };
    show();
  });
}

/** Discards the trained parameters. */
export function startAgain(): void {
  training.stop();
  show.cancel();
  told.value = untrained;
}

/** Losses by step, compared with those of predictors without a network. */
export const lossChart: ReadonlySignal<ChartSpec> = computed(() => {
  const { losses } = trained.value;
  const x = losses.map(({ step }) => step);
  const { even = 0, frequencies = 0, pairs = 0 } = baselines.value ?? {};
  return {
    title: "Loss while the network learns",
    x: { label: "step", unit: "integer" },
    y: { label: "nats a character" },
    series: [
      { name: "learned from", x, y: losses.map(({ loss }) => loss) },
      { name: "held out", x, y: losses.map(({ heldOut }) => heldOut) },
    ],
    marks: [
      { y: even, label: "all characters alike" },
      { y: frequencies, label: "by how frequent each is" },
      { y: pairs, label: "by the one before" },
    ],
  };
});

// Writing.
export const temperature: Signal<number> = state.number("temperature", 0.7, { min: 0, max: 2, step: 0.05 });
export const samples = 3;
const length = 200; // characters per sample

interface Network {
  readonly params: GptParams;
  readonly steps: number;
}

const network = computed((): Network | undefined => {
  const now = setup.value;
  if (now === undefined) return undefined;
  const { last } = trained.value;
  return last === undefined
    ? { params: firstParams(now.sizes, now.seed), steps: 0 }
    : { params: paramsOf(now.sizes, last), steps: last.step };
});

const asked = computed((): { readonly numbers: readonly number[]; readonly problem: string } => {
  const now = setup.value;
  if (now === undefined) return { numbers: [], problem: "" };
  try {
    return { numbers: promptNumbers(prompt.value, now.text.kinds, now.sizes.context), problem: "" };
  } catch (error) {
    return { numbers: [], problem: (error as Error).message };
  }
});
export const promptProblem: ReadonlySignal<string> = computed(() => asked.value.problem);

/** Written text, and the network that wrote it. */
export interface Shown {
  readonly writing: Writing;
  readonly kinds: readonly string[];
  readonly sizes: Sizes;
  readonly steps: number;
  /** The samples as texts. */
  readonly texts: readonly string[];
  /** Number of given characters (the prompt) of each sample. */
  readonly given: number;
}

export const shown: ReadonlySignal<Shown | undefined> = computed(() => {
  const now = setup.value;
  const { numbers } = asked.value;
  if (now === undefined || network.value === undefined || numbers.length === 0) return undefined;
  const manner = { temperature: temperature.value, seed: now.seed, samples, length };
  const writing = write(network.value.params, now.sizes, numbers, manner);
  const { kinds } = now.text;
  return {
    writing,
    kinds,
    sizes: now.sizes,
    steps: network.value.steps,
    texts: writing.samples.map((sample) => sample.map((i) => kinds[i]!).join("")),
    given: numbers.length,
  };
});

// Attention.
export const layer: Signal<number> = state.number("layer", 2, { min: 1, max: 4, step: 1 });
export const head: Signal<number> = state.number("head", 1, { min: 1, max: 8, step: 1 });
export const place: Signal<number> = state.number("place", 40, { min: 1, max: 128, step: 1 });

/** The selected layer, head and character, counted from 0 and limited to the existing ones. */
export const looked: ReadonlySignal<{
  readonly layer: number;
  readonly head: number;
  readonly place: number;
}> = computed(() => {
  const last = shown.value?.sizes;
  const within = (value: number, most = 1): number => Math.min(Math.round(value), most) - 1;
  return {
    layer: within(layer.value, last?.layers),
    head: within(head.value, last?.heads),
    place: within(place.value, shown.value?.writing.context),
  };
});
