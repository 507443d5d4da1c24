import fc from "fast-check";
import { expect, test } from "vitest";
import type { CutEdge } from "./min-cut.ts";
import { sinkSide } from "./min-cut.ts";

const costOf = (edges: readonly CutEdge[], side: ReadonlySet<number>): number =>
  edges.reduce((sum, { from, to, capacity }) => (!side.has(from) && side.has(to) ? sum + capacity : sum), 0);

test("`sinkSide` costs no more than any other cut, and has as few nodes as one of that cost can have", () => {
  const nodes = 7;
  const edge = fc.record({
    from: fc.nat(nodes - 1),
    to: fc.nat(nodes - 1),
    capacity: fc.oneof(fc.nat(9), fc.constant(Infinity)),
  });
  let cuts = 0;
  fc.assert(
    fc.property(fc.array(edge, { minLength: 8, maxLength: 24 }), (edges) => {
      let [best, fewest] = [Infinity, nodes];
      for (let mask = 0; mask < 2 ** (nodes - 2); mask++) {
        const side = new Set([nodes - 1]);
        for (let i = 1; i < nodes - 1; i++) if ((mask >> (i - 1)) & 1) side.add(i);
        const cost = costOf(edges, side);
        if (cost < best || (cost === best && side.size < fewest)) [best, fewest] = [cost, side.size];
      }
      fc.pre(best < Infinity);
      if (best > 0) cuts++;
      const side = sinkSide(nodes, edges, 0, nodes - 1);
      expect([costOf(edges, side), side.size, side.has(0)]).toEqual([best, fewest, false]);
    }),
    { numRuns: 400, seed: 1 },
  );
  expect(cuts).toBeGreaterThan(50);
});

test("`sinkSide` follows paths of any length", () => {
  const n = 20_000;
  const edges = Array.from({ length: n - 1 }, (_, i) => ({ from: i, to: i + 1, capacity: i === 5 ? 1 : 2 }));
  expect(sinkSide(n, edges, 0, n - 1).size).toBe(n - 6);
});
