// Layout of the values of a run in layers, each value below its operands.
import type { Tape } from "../../live/tape.ts";

/** A position in the drawing; `x` ranges from 0 to 1 across it. */
export interface Place {
  readonly layer: number;
  readonly x: number;
}

export interface PlacedStep extends Place {
  readonly step: number;
}

/** An arrow from a value to one that uses it. */
export interface PlacedArrow {
  readonly from: PlacedStep;
  readonly to: PlacedStep;
  readonly derivative: number;
  /** Positions where the arrow crosses the layers between its ends, between the values there. */
  readonly through: readonly Place[];
}

const widest = 8; // maximum number of values per layer

/**
 * Places the first `most` steps of a run in layers: inputs in the first layer, every other value below its operands.
 */
export function placeSteps(
  { steps, result }: Tape,
  most: number,
): { readonly placed: readonly PlacedStep[]; readonly arrows: readonly PlacedArrow[] } {
  const shown = steps.slice(0, most);
  const layerOf: number[] = [];
  const filled: number[] = []; // values in each layer
  shown.forEach(({ sources }, step) => {
    let layer = Math.max(0, ...sources.map((source) => layerOf[source.step]! + 1));
    while ((filled[layer] ?? 0) >= widest) layer++;
    if (step === result && sources.length > 0) layer = Math.max(layer, filled.length); // the result stands alone, at the end
    filled[layer] = (filled[layer] ?? 0) + 1;
    layerOf.push(layer);
  });

  // Each layer contains its values, and one item per arrow that crosses it.
  interface Item {
    readonly reads: Item[];
    x: number;
  }
  const items = shown.map((): Item => ({ reads: [], x: 0 }));
  const layers: Item[][] = Array.from({ length: filled.length }, () => []);
  items.forEach((item, step) => layers[layerOf[step]!]!.push(item));
  const drafts = shown.flatMap(({ sources }, to) =>
    sources.map(({ step: from, derivative }) => {
      let above = items[from]!;
      const through: Item[] = [];
      for (let layer = layerOf[from]! + 1; layer < layerOf[to]!; layer++) {
        const item: Item = { reads: [above], x: 0 };
        layers[layer]!.push(item);
        through.push(item);
        above = item;
      }
      items[to]!.reads.push(above);
      return { from, to, derivative, through };
    }),
  );
  for (const layer of layers) {
    // Sort by the average position of the operands, so that few arrows cross.
    const wishes = new Map(
      layer.map((item) => [item, item.reads.reduce((sum, { x }) => sum + x / item.reads.length, 0)]),
    );
    layer.sort((a, b) => wishes.get(a)! - wishes.get(b)!);
    layer.forEach((item, i) => (item.x = (i + 1) / (layer.length + 1)));
  }
  const placed = items.map(({ x }, step): PlacedStep => ({ step, layer: layerOf[step]!, x }));
  const arrows = drafts.map(({ from, to, derivative, through }) => ({
    from: placed[from]!,
    to: placed[to]!,
    derivative,
    through: through.map(({ x }, i) => ({ layer: placed[from]!.layer + 1 + i, x })),
  }));
  return { placed, arrows };
}
