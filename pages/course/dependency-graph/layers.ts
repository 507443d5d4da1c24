// Where the values of a run stand in a drawing: each below what it is computed of.
import type { Tape } from "../../live/tape.ts";

/** A value in the drawing; `x` from 0 to 1 across it. */
export interface PlacedStep {
  readonly step: number;
  readonly layer: number;
  readonly x: number;
}

const widest = 8; // values beside each other

/** The first steps of a run, at most so many, in layers: inputs in the first, each other one below all that it reads. */
export function placeSteps({ steps, result }: Tape, most: number): PlacedStep[] {
  const needed = steps.length <= most ? steps.map((_, i) => i) : [...Array(most).keys()];
  const layerOf = new Map<number, number>();
  const filled: number[] = []; // values in each layer
  for (const step of needed) {
    const above = steps[step]!.sources.map((source) => (layerOf.get(source.step) ?? -1) + 1);
    let layer = Math.max(0, ...above);
    while ((filled[layer] ?? 0) >= widest) layer++;
    if (step === result && steps[step]!.sources.length > 0) layer = Math.max(layer, filled.length);
    filled[layer] = (filled[layer] ?? 0) + 1;
    layerOf.set(step, layer);
  }
  const layers = Array.from({ length: Math.max(0, ...layerOf.values()) + 1 }, (_, layer) =>
    needed.filter((step) => layerOf.get(step) === layer),
  );
  const xs = new Map<number, number>();
  for (const layer of layers) {
    // in the order of what they read, so that edges cross rarely
    const wish = (step: number): number => {
      const own = steps[step]!.sources.flatMap((source) => xs.get(source.step) ?? []);
      return own.length === 0 ? 0 : own.reduce((sum, x) => sum + x, 0) / own.length;
    };
    const wishes = new Map(layer.map((step) => [step, wish(step)]));
    const ordered = layer.toSorted((a, b) => wishes.get(a)! - wishes.get(b)! || a - b);
    ordered.forEach((step, i) => xs.set(step, (i + 1) / (ordered.length + 1)));
  }
  return needed.map((step) => ({ step, layer: layerOf.get(step)!, x: xs.get(step)! }));
}
