// Plots the function: as a curve with its derivative along one number, or as contours over two.
import { grad, jit, sum, tensor, type Tensor, vmap } from "downhill";
import { showNumber } from "../../src/pictures/plot/number-text.ts";
import type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";
import { type ContourMap, contourMap } from "../live/contour-map.ts";
import type { Readable } from "./answer.ts";
import { type Place, placeOf } from "./place.ts";
import type { Question, Shown } from "./question.ts";

const curvePoints = 400;
const mapPoints = 96; // grid points of the map along x

/** The plot of a program. */
export function plotOf(readable: Readable, question: Question): Shown {
  const place = placeOf(readable, question);
  const [x, y] = place.along;
  if (y !== undefined) return { view: "plot", kind: "map", map: mapOf(place), along: [x!.name, y.name] };
  return { view: "plot", kind: "curve", chart: curveOf(place), along: [x!.name] };
}

/** Values along one number, with their derivatives. */
export function sample(
  { value, along: [number] }: Place,
  count: number = curvePoints,
): { readonly x: Float64Array; readonly y: Float64Array; readonly slope: Float64Array } {
  const [from, to] = number!.range;
  const x = Float64Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
  const all = (xs: Tensor): Tensor => vmap((one: Tensor) => value(one.reshape([1])))(xs);
  const both = jit((xs: Tensor) => [all(xs), grad((at: Tensor) => sum(all(at)))(xs)] as const);
  const [values, slopes] = both(tensor(x));
  return { x, y: Float64Array.from(values.data()), slope: Float64Array.from(slopes.data()) };
}

/** Chart of the value, the tangent at the current number, and the derivative, over one number. */
function curveOf(place: Place): ChartSpec {
  const [number] = place.along;
  const { name, value, derivative = Number.NaN, range } = number!;
  const { x, y, slope } = sample(place);
  const here = place.value(tensor([value])).item();
  const tangent = range.map((at) => here + derivative * (at - value));
  const series: SeriesSpec[] = [
    { name: "value", x, y, colour: 0 },
    { name: `derivative in ${name}`, x, y: slope, draw: "dashes", colour: 1 },
    { name: "tangent", x: range, y: tangent, colour: 2 },
    { name: `${name} = ${showNumber(value, 4)}`, x: [value], y: [here], draw: "dots", colour: 2 },
  ];
  return {
    title: `The program along ${name}`,
    x: { label: name, domain: range },
    y: { label: "", domain: heights([y, slope]) },
    series,
  };
}

/** Vertical range of a plot: all values, unless a few are far beyond the others, for example near a pole. */
export function heights(curves: readonly Float64Array[]): readonly [from: number, to: number] {
  const all = curves.flatMap((curve) => [...curve]).filter((value) => Number.isFinite(value));
  if (all.length === 0) return [-1, 1];
  all.sort((a, b) => a - b);
  const at = (part: number): number => all[Math.round(part * (all.length - 1))]!;
  const [low, high] = [at(0.02), at(0.98)];
  const room = 1.5 * (high - low);
  const [from, to] = [Math.max(all[0]!, low - room), Math.min(all.at(-1)!, high + room)];
  const margin = to > from ? 0.06 * (to - from) : Math.max(1, Math.abs(to)) / 2;
  return [from - margin, to + margin];
}

/** Contours over two numbers. */
export function mapOf({ along, value, key }: Place): ContourMap {
  const [x, y] = along;
  const coordinates = [x!.name, y!.name];
  return contourMap(
    key,
    { value, coordinates, saddles: [], lowest: undefined },
    [x!.range, y!.range],
    mapPoints,
  );
}
