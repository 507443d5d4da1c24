// The minimum that each start leads to.
import { grad, norm, scan, type Tensor, tensor, vmap } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, type GeneralOptimizer, sgd } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";
import { readGround } from "../../live/ground.ts";

/** The method of the runs. */
export type Method = "gradient descent" | "momentum";

/** Parameters of a map of starts. */
export interface BasinQuestion {
  readonly text: string;
  readonly method: Method;
  readonly rate: number;
}

/** A map of starts: the result of each cell, row by row from the lowest y. */
export interface Basins {
  readonly columns: number;
  readonly rows: number;
  /** Index of the minimum in `minima`, or {@link underway} or {@link lost}. */
  readonly cells: Int8Array;
  readonly minima: readonly Point[];
}

/** Value of a cell of the map if the run from it has not come to rest. */
export const underway = -1;
/** Value of a cell of the map if the run from it diverged. */
export const lost = -2;

/** Number of steps of each run. */
export const basinSteps = 300;

/** Size of the coarsest map in cells. */
export const coarse = { columns: 32, rows: 24 };

/** Number of times the resolution is doubled. */
const refinements = 2;

const batch = coarse.columns * coarse.rows; // number of simultaneous starts; the coarsest map is one call
const mostMinima = 8; // maximum number of minima, equal to the number of colours
const stillness = 1e-2; // gradient norm below which a run is at rest, relative to the largest at the starts of the coarsest map
const near = 0.02; // fraction of the map's width; closer end points count as one minimum

function optimizerOf(method: Method, learningRate: Tensor): GeneralOptimizer<unknown> {
  return method === "momentum" ? sgd({ learningRate, momentum: 0.9 }) : sgd({ learningRate });
}

type Ends = (starts: Tensor, rate: Tensor) => readonly [ends: Tensor, slopes: Tensor, first: Tensor];

const compiled = new Map<string, Ends>(); // the last formula with each method

function endsOf({ text, method }: BasinQuestion): Ends {
  const key = JSON.stringify([text, method]);
  const found = compiled.get(key);
  if (found !== undefined) return found;
  const slope = grad(readGround(text).landscape.value);
  const ends = jit((starts: Tensor, rate: Tensor) =>
    vmap((start: Tensor) => {
      const { init, update } = optimizerOf(method, rate);
      const [{ x }] = scan(
        ({ x: at, state }: { x: Tensor; state: unknown }) => {
          const { updates, state: next } = update(slope(at), state, at);
          return [{ x: applyUpdates(at, updates), state: next }, null] as const;
        },
        { x: start, state: init(start) },
        null,
        { length: basinSteps },
      );
      return [x, norm(slope(x)), norm(slope(start))] as const;
    })(starts),
  ) as Ends;
  if (compiled.size >= 4) compiled.clear();
  compiled.set(key, ends);
  return ends;
}

/** One run of the question's method. */
export function runFrom({ text, method, rate }: BasinQuestion, start: Point): Descent {
  const key = JSON.stringify([text, method]);
  let run = followed.get(key);
  if (run === undefined) {
    run = descentOf<{ rate: number }>(
      readGround(text).landscape.value,
      ({ rate: learningRate }) => optimizerOf(method, learningRate),
      basinSteps,
    );
    if (followed.size >= 4) followed.clear();
    followed.set(key, run);
  }
  return run(start, { rate });
}

const followed = new Map<string, (start: Point, settings: { readonly rate: number }) => Descent>();

/** The start that a cell stands for: its centre. */
export function startOf([[x0, x1], [y0, y1]]: MapBox, { columns, rows }: typeof coarse, cell: number): Point {
  const [i, j] = [cell % columns, Math.floor(cell / columns)];
  return [x0 + ((x1 - x0) * (i + 0.5)) / columns, y0 + ((y1 - y0) * (j + 0.5)) / rows];
}

/**
 * Yields maps of starts, each with twice the resolution of the previous one. Finer maps are yielded after each batch of
 * cells; the remaining cells have the values of the coarser map.
 *
 * @param most number of refinements; 0 for the coarsest map only
 */
export function* basins(question: BasinQuestion, most = refinements): Generator<Basins> {
  const { box, landscape } = readGround(question.text);
  const ends = endsOf(question);
  const rate = tensor(question.rate, { dtype: "float64" });
  const minima = [...landscape.minima]; // known minima keep their colours
  const width = box[0][1] - box[0][0];
  let steepest = 0;
  let before: Basins | undefined;
  for (let level = 0; level <= most; level++) {
    const size = { columns: coarse.columns * 2 ** level, rows: coarse.rows * 2 ** level };
    const cells = before === undefined ? new Int8Array(batch).fill(underway) : finer(before);
    for (let from = 0; from < cells.length; from += batch) {
      const starts = Array.from({ length: batch }, (_, k) => startOf(box, size, from + k));
      const [points, slopes, first] = ends(tensor(starts as number[][]), rate).map((all) => all.tolist()) as [
        number[][],
        number[],
        number[],
      ];
      if (level === 0) steepest = first.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, b) : a), 0);
      points.forEach((point, k) => {
        cells[from + k] = minimumAt(point, slopes[k]!, { minima, width, still: stillness * steepest });
      });
      yield { ...size, cells: cells.slice(), minima: [...minima] };
    }
    before = { ...size, cells, minima };
  }
}

/**
 * Index in `minima` of the minimum at which a run ended. Appends a new minimum. Returns `lost` for a run that became
 * infinite, `underway` if the slope is not yet small or the list is full.
 */
function minimumAt(
  point: Point,
  slope: number,
  { minima, width, still }: { readonly minima: Point[]; readonly width: number; readonly still: number },
): number {
  if (!point.every((x) => Number.isFinite(x)) || !Number.isFinite(slope)) return lost;
  if (slope > still) return underway;
  const found = minima.findIndex(
    (other) => Math.hypot(other[0]! - point[0]!, other[1]! - point[1]!) <= near * width,
  );
  if (found >= 0) return found;
  if (minima.length >= mostMinima) return underway;
  minima.push(point);
  return minima.length - 1;
}

/** Cells of a map with twice the resolution, copied from the coarser one. */
function finer({ columns, rows, cells }: Basins): Int8Array {
  return Int8Array.from(
    { length: 4 * columns * rows },
    (_, k) =>
      cells[Math.floor(Math.floor(k / (2 * columns)) / 2) * columns + Math.floor((k % (2 * columns)) / 2)]!,
  );
}

/** The coarsest map. */
export function coarseBasins(question: BasinQuestion): Basins {
  return basins(question, 0).next().value as Basins;
}

/** SVG path around all cells of a kind, in a plot of the given size with y downwards. */
export function pathOf(
  { columns, rows, cells }: Basins,
  kind: number,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const [w, h] = [width / columns, height / rows];
  let d = "";
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      if (cells[j * columns + i] !== kind) continue;
      const from = i;
      while (i + 1 < columns && cells[j * columns + i + 1] === kind) i++;
      const [x, y] = [from * w, height - (j + 1) * h].map((z) => Math.round(z * 100) / 100);
      d += `M${x},${y}h${Math.round((i + 1 - from) * w * 100) / 100}v${Math.round(h * 100) / 100}H${x}Z`;
    }
  }
  return d;
}

/** Fraction of all starts, from 0 to 1, that lead to each minimum, that are under way, and that diverged. */
export function sharesOf({ cells, minima }: Basins): { readonly kind: number; readonly share: number }[] {
  return [...minima.keys(), underway, lost].map((kind) => ({
    kind,
    share: cells.filter((cell) => cell === kind).length / cells.length,
  }));
}
