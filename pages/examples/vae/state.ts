// State of the page and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Tensor } from "downhill";
import { type PageState, pageState } from "../../live/address.ts";
import { cellPaths } from "../../live/cells.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { type Job, jobOf } from "../../live/job.ts";
import { paced } from "../../live/paced.ts";
import { codesOf, firstParams, paramsOf, picturesOf, side, type Snapshot } from "./model.ts";
import type { Parts, Report, TrainingOrder } from "./training.ts";
import type { VaeWork } from "./vae.worker.ts";

/** A code, or a point in the plane of codes. */
export type Code = readonly [number, number];

export const state: PageState = pageState();

// The data, loaded separately from the page.
interface Digits {
  readonly images: Tensor;
  /** Ink of each digit. */
  readonly pictures: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

let loaded: Digits | undefined;

/** Loads the digits. Must finish before anything is drawn. */
export async function prepare(): Promise<void> {
  const { digitImages, digitLabels } = await import("./data.ts");
  const images = digitImages(0);
  loaded = { images, pictures: images.tolist() as number[][], labels: digitLabels() };
}

/** The digits that `prepare` loaded. */
export function digits(): Digits {
  if (loaded === undefined) throw new Error("the digits are not loaded");
  return loaded;
}

// Training.
export const beta: Signal<number> = state.number("beta", 1, { min: 0.1, max: 100 });
export const rate: Signal<number> = state.number("rate", 0.003, { min: 1e-4, max: 0.1 });
export const seed: Signal<number> = state.number("seed", 6, { min: 1, max: 99, step: 1 });

/** Progress of a training run: the parts of the bound by epoch, and the latest snapshot. */
interface Trained {
  readonly seed: number;
  readonly epochs: readonly { readonly epoch: number; readonly learned: Parts; readonly heldOut: Parts }[];
  readonly last?: Snapshot;
}

const untrained: Trained = { seed: 0, epochs: [] };
const told = signal(untrained);
const start = computed(() => Math.round(seed.value));
/** Progress of the network with the current seed. */
export const trained: ReadonlySignal<Trained> = computed(() =>
  told.value.seed === start.value ? told.value : untrained,
);

export const training: Job<VaeWork> = jobOf(
  () => new Worker(new URL("./vae.worker.js", import.meta.url), { type: "module" }),
);

let heard = untrained;
const show = paced(() => (told.value = heard));

/** Trains for more epochs, with the current β and learning rate. */
export function trainOn(epochs: number): void {
  trainBy((order, tell) => training.start(order, tell), epochs);
}

/** Shows pending training progress immediately. */
export const showNow = (): void => show.now();

/** Trains by calling `by`, which runs the training in a worker or in the page. */
export function trainBy<R>(
  by: (order: TrainingOrder, tell: (report: Report) => void) => R,
  epochs: number,
): R {
  const from = trained.value.last;
  const order = { seed: start.value, rate: rate.value, beta: beta.value, epochs };
  show.cancel();
  heard = { ...trained.value, seed: order.seed };
  return by(from === undefined ? order : { ...order, from }, ({ snapshot, learned, heldOut }) => {
    const epoch = { epoch: snapshot.epoch, learned, heldOut };
    heard = { seed: order.seed, epochs: [...heard.epochs, epoch], last: snapshot };
    show();
  });
}

/** Discards the trained parameters. */
export function startAgain(): void {
  training.stop();
  show.cancel();
  told.value = untrained;
}

/** Evidence lower bound: a lower bound of the log-probability of an image. */
export function boundOf({ likelihood, divergence }: Parts): number {
  return likelihood - divergence;
}

/** The bound and its likelihood part by epoch. */
export const boundChart: ReadonlySignal<ChartSpec> = computed(() => {
  const { epochs } = trained.value;
  const x = epochs.map(({ epoch }) => epoch);
  return {
    title: "The bound by epoch",
    x: { label: "epoch", unit: "integer" },
    y: { label: "nats a digit" },
    series: [
      { name: "bound, learned from", x, y: epochs.map(({ learned }) => boundOf(learned)) },
      { name: "bound, held out", x, y: epochs.map(({ heldOut }) => boundOf(heldOut)) },
      {
        name: "reconstruction, held out",
        x,
        y: epochs.map(({ heldOut }) => heldOut.likelihood),
        draw: "dashes",
      },
    ],
  };
});

/** The divergence part by epoch. */
export const divergenceChart: ReadonlySignal<ChartSpec> = computed(() => {
  const { epochs } = trained.value;
  const x = epochs.map(({ epoch }) => epoch);
  return {
    title: "The divergence by epoch",
    x: { label: "epoch", unit: "integer" },
    y: { label: "nats a digit" },
    series: [
      { name: "divergence, learned from", x, y: epochs.map(({ learned }) => learned.divergence) },
      { name: "divergence, held out", x, y: epochs.map(({ heldOut }) => heldOut.divergence) },
    ],
  };
});

// The plane.
const params = computed(() => {
  const { last } = trained.value;
  return last === undefined ? firstParams(start.value) : paramsOf(last);
});

/** Codes of all digits, and the half width of the plane that contains them all. */
export const plane: ReadonlySignal<{ readonly codes: readonly Code[]; readonly reach: number }> = computed(
  () => {
    const codes = codesOf(params.value, digits().images);
    const farthest = codes.reduce((far, [x, y]) => Math.max(far, Math.abs(x), Math.abs(y)), 0);
    return { codes, reach: Math.max(2, Math.ceil(farthest)) };
  },
);

export const code: Signal<Code> = state.value<Code>("code", [0.5, 0.5], readCode, (at) => at.join(","));

function readCode(text: string): Code {
  const [x, y, ...more] = text.split(",").map(Number);
  if (x === undefined || y === undefined || more.length > 0 || !Number.isFinite(x) || !Number.isFinite(y))
    throw new Error("a code has two numbers, with a comma between them");
  return [x, y];
}

/** Picture of the selected code, and the digit with the nearest code. */
export const chosen: ReadonlySignal<{
  readonly picture: readonly number[];
  readonly nearest: number;
  readonly distance: number;
}> = computed(() => {
  const [x, y] = code.value;
  const [picture] = picturesOf(params.value, [code.value]);
  const distances = plane.value.codes.map(([a, b]) => Math.hypot(a - x, b - y));
  const nearest = distances.reduce((best, distance, i) => (distance < distances[best]! ? i : best), 0);
  return { picture: picture!, nearest, distance: distances[nearest]! };
});

/** The highlighted class; "all" for none. */
export const shownClass: Signal<string> = state.choice("digit", "all", [
  "all",
  ...Array.from({ length: 10 }, (_, k) => String(k)),
]);

/** Number of pictures along each side of their grid. */
export const across = 12;
/** Distance in pixels between the starts of adjacent pictures. One pixel between them is left free. */
export const pitch: number = side + 1;
/** Lower limits of the shades of ink. */
export const inkLevels: readonly number[] = [1, 3, 5, 7, 9, 11, 13, 15].map((x) => x / 16);

/** Pictures of a grid over the plane as one table of pixels, drawn in shades of ink. */
export const gridPaths: ReadonlySignal<readonly string[]> = computed(() => {
  const { reach } = plane.value;
  const at = (i: number): number => ((2 * (i + 0.5)) / across - 1) * reach;
  const places = Array.from({ length: across * across }, (_, k) => {
    const [row, column] = [Math.floor(k / across), k % across];
    return [at(column), -at(row)] as const;
  });
  const pictures = picturesOf(params.value, places);
  const rows = Array.from({ length: across * pitch }, (_, y) => {
    const [row, line] = [Math.floor(y / pitch), y % pitch];
    const beside = pictures.slice(row * across, (row + 1) * across);
    return line === side
      ? []
      : beside.flatMap((picture) => [...picture.slice(line * side, (line + 1) * side), 0]);
  });
  return cellPaths(rows, inkLevels);
});

// From one digit to another.
export const from: Signal<number> = state.number("from", 3, { min: 0, max: 9, step: 1 });
export const to: Signal<number> = state.number("to", 8, { min: 0, max: 9, step: 1 });
/** Number of the shown image of each digit among all images of its class, from 1. */
export const nth: Signal<number> = state.number("nth", 1, { min: 1, max: 100, step: 1 });
const between = 9; // number of pictures between the two ends

/** The data digits at the ends of an interpolation, and the pictures of the codes between them. */
export const way: ReadonlySignal<{
  readonly ends: readonly [number, number];
  readonly codes: readonly Code[];
  readonly pictures: readonly (readonly number[])[];
}> = computed(() => {
  const { labels } = digits();
  const ends = [from, to].map(({ value }) => {
    const same = labels.flatMap((label, i) => (label === Math.round(value) ? [i] : []));
    return same[Math.round(nth.value) - 1]!;
  }) as [number, number];
  const [a, b] = ends.map((i) => plane.value.codes[i]!) as [Code, Code];
  const codes = Array.from({ length: between }, (_, i): Code => {
    const t = i / (between - 1);
    return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  });
  return { ends, codes, pictures: picturesOf(params.value, codes) };
});
