import { describe } from "vitest";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { times, waves, wellConditioned } from "../../../test/support/matrices.ts";
import * as family from "./determinant.ts";

const { cofactors, det, slogdet } = family;

describe("determinants", () => {
  const samples = [
    { ins: [f64([3], [1, 1])] },
    { ins: [f64([1, 2, 2, 4], [2, 2])] },
    { ins: [f64(waves(9), [3, 3])] },
    { ins: [f64([...waves(16), ...waves(16, 3)], [2, 4, 4])] },
    { ins: [f64(waves(25), [5, 5])] },
    { ins: [f32(wellConditioned(3), [3, 3])] },
  ];
  /** An n × n matrix of the given rank. */
  const ofRank = (n: number, rank: number) => ({
    ins: [f64(times(waves(n * rank), waves(rank * n, 5), n, rank, n), [n, n])],
  });
  checkFamily(family, {
    det: [on((x) => det(x), samples), on((x) => det(x), [ofRank(5, 4), ofRank(5, 3), ofRank(6, 3)])],
    cofactors: [on((x) => cofactors(x), [...samples.slice(1, 4), ofRank(5, 1)])],
    slogdet: [
      on(
        (x) => slogdet(x)[1],
        [
          { ins: [f64(wellConditioned(2), [2, 2])] },
          { ins: [f64([...waves(25), ...waves(25, 3)], [2, 5, 5])] },
          { ins: [f32(wellConditioned(3), [3, 3])] },
        ],
      ),
      on((x) => slogdet(x)[0], [{ ins: [f64(waves(9), [3, 3])] }]),
    ],
  });
});
