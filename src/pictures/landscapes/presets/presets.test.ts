// Asserts the claims of the presets.
import { linspace } from "downhill";
import { defineLandscape, findLandscape, findPreset, presets, race } from "downhill/landscapes";
import { sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent, testInCi } from "../../../../test/support/extent.ts";
import { meanOf } from "../numbers.ts";
import { onRareLosses } from "./adam-diverges.ts";
import { compareOnDigits, compareRepeated, varianceOnDigits } from "./batches.ts";
import { endsOf, raceOfDecays } from "./decay.ts";
import { raceOverRipples } from "./local-minima.ts";
import { raceBelowWall, stepsByGradient } from "./long-run.ts";
import { methods, predictedDistance, predictedError, raceFromCorner } from "./momentum.ts";
import { endOf, trainOnPlateaus } from "./plateau.ts";
import { sweepRates } from "./rates.ts";
import { raceOverFlats, wayOut } from "./saddles.ts";
import { learnSparse, rareWeight, ratesByWeight } from "./sparse.ts";
import { raceFromEqualWeights } from "./symmetry.ts";
import { compareAdvice } from "./take-aways.ts";

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, seed) => seed);
}

describe("rates: gradient descent on a quadratic diverges above 2/λmax and converges below", () => {
  test.each([
    ["(x^2 + 10*y^2)/2", 10],
    ["(x^2 + 3*y^2)/2 + x*y", 2 + Math.SQRT2],
    ["50*x^2 + 20*x*y + 4*y^2", 54 + Math.sqrt(46 ** 2 + 20 ** 2)],
  ])("%s", (text, steepest) => {
    const landscape = defineLandscape(text, { start: [-3, 1] });
    const limit = 2 / steepest;
    const begin = Math.hypot(-3, 1);
    const rates = linspace(0.05 * limit, 1.5 * limit, 60); // the limit itself is none of them
    const distances = sweepRates(rates, landscape, 4000).tolist() as number[];
    (rates.tolist() as number[]).forEach((rate, i) => {
      if (rate < limit) expect(distances[i], `rate ${rate}`).toBeLessThan(begin);
      else expect(distances[i], `rate ${rate}`).not.toBeLessThan(1e6 * begin); // NaN after the infinite
    });
  });

  test("each step multiplies the error along an eigenvector by 1 − ηλ", () => {
    const rates = [0.05, 0.12, 0.19, 0.21];
    const bowl = defineLandscape("(x^2 + 10*y^2)/2", { start: [0, 1] });
    const distances = sweepRates(linspace(0.05, 0.21, 2), bowl, 30).tolist() as number[];
    expect(distances[0]).toBeCloseTo(0.5 ** 30, 15);
    expect(distances[1]! / 1.1 ** 30).toBeCloseTo(1, 10);
    for (const eta of rates) {
      const { points } = race(bowl, { gd: sgd({ learningRate: eta }) }, { steps: 5 }).runs[0]!;
      for (let t = 0; t < 5; t++) expect(points[t + 1]![1]! / points[t]![1]!).toBeCloseTo(1 - 10 * eta, 12);
    }
  });
});

describe("momentum: on a bowl of condition 100 the error matches theory", () => {
  const { runs } = raceFromCorner();

  test.each(methods.map((method, i) => [method.name, method, i] as const))("%s", (_, method, i) => {
    for (let t = 0; t <= 250; t++) {
      const measured = Math.hypot(...runs[i]!.points[t]!);
      const predicted = predictedDistance(method, t);
      // Rounding errors accumulate along a double root.
      expect(Math.abs(measured / predicted - 1), `step ${t}`).toBeLessThan(1e-6);
    }
    const factor = (predictedDistance(method, 3400) / predictedDistance(method, 1700)) ** (1 / 1700);
    expect(factor).toBeCloseTo(method.factor, 3); // 2^(1/1700) is what is left of t
  });

  test("the factors are (κ − 1)/(κ + 1), 1 − 1/√κ and (√κ − 1)/(√κ + 1)", () => {
    expect(methods.map(({ factor }) => factor.toFixed(4))).toEqual(["0.9802", "0.9000", "0.8182"]);
  });

  test("theory has no better settings of momentum", () => {
    const [, , momentum] = methods;
    const worst = (learningRate: number, beta: number): number => {
      const method = { ...momentum!, options: { learningRate, momentum: beta } };
      const at = (t: number): number =>
        Math.max(...[1, 25, 50, 100].map((lambda) => Math.abs(predictedError(method, lambda, t)) + 1e-300));
      return Math.max(at(400), at(401), at(402)) ** (1 / 400);
    };
    const { learningRate } = momentum!.options;
    const beta = Number(momentum!.options.momentum);
    const best = worst(learningRate, beta);
    for (const [rate, b] of [
      [0.8, 1],
      [1.2, 1],
      [1, 0.8],
      [1, 1.2],
      [0.9, 1.1],
    ]) {
      expect(worst(learningRate * rate!, beta * b!)).toBeGreaterThan(best);
    }
  });
});

describe("local minima: momentum and cyclic rates leave them, gradient descent stays", () => {
  test("from the start of the preset", () => {
    const [cyclic, slow, fast, momentum] = raceOverRipples().runs;
    for (const run of [slow!, fast!]) {
      expect(run.outcome).toBe("at-rest");
      expect(run.values.at(-1)).toBeGreaterThan(0.5);
    }
    expect(momentum!.stepsTo[0]).toBeLessThan(100);
    expect(cyclic!.stepsTo[0]).toBeLessThan(100);
  });

  test.each([
    [-5.4, 4.2],
    [-5.6, -3.4],
    [5.2, 4.4],
    [4.9, 5.3],
  ])("from (%d, %d) both get lower than gradient descent", (x, y) => {
    const [cyclic, slow, , momentum] = raceOverRipples([x, y], 300).runs;
    const lowest = (run: typeof slow): number => Math.min(...run!.values);
    expect(slow!.outcome).toBe("at-rest");
    expect(lowest(momentum)).toBeLessThan(0.7 * lowest(slow));
    expect(lowest(cyclic)).toBeLessThan(0.7 * lowest(slow));
  });

  test("the maximum rate of the cycle is above 2/curvature of the minimum in which gradient descent stays", () => {
    const { points } = raceOverRipples().runs[1]!;
    const [x, y] = points.at(-1)!;
    const curvature = Math.max(...[x!, y!].map((z) => 0.1 + 0.14 * 9 * Math.cos(3 * z)));
    expect(7).toBeGreaterThan(2 / curvature);
  });
});

test.each([0, 1, 2, 3])(
  "decay: well timed ends lower than never, and never lower than too early (seed %d)",
  (seed) => {
    const [never, early, timed] = endsOf(raceOfDecays(seed));
    expect(timed!).toBeLessThan(0.5 * never!);
    expect(never!).toBeLessThan(early!);
  },
);

test("decay: the cloud of a constant rate is proportional to the rate", () => {
  const bowl = defineLandscape("x^2/2", { start: [0], lowest: 0 });
  const cloud = (learningRate: number): number => {
    const { values } = race(bowl, { gd: sgd({ learningRate }) }, { steps: 40000, noise: 1 }).runs[0]!;
    return meanOf(values.slice(1000));
  };
  // Theoretical value: η/(2(2 − η)).
  expect(cloud(0.02) / (0.02 / (2 * 1.98))).toBeCloseTo(1, 0);
  expect(cloud(0.2) / cloud(0.02)).toBeGreaterThan(8);
  expect(cloud(0.2) / cloud(0.02)).toBeLessThan(14);
});

describe("saddles and plateaus", () => {
  test.each(["saddle", "monkey-saddle"])("%s: gradient descent is last to leave, RMSProp first", (name) => {
    const [gd, momentum, rmsprop, adam] = wayOut(raceOverFlats(name, 0.02, 300));
    expect(momentum!).toBeLessThan(gd! / 3);
    expect(adam!).toBeLessThan(gd! / 3);
    expect(rmsprop!).toBeLessThan(gd! / 10);
  });

  test("plateau: gradient descent does not leave it, methods that divide by the gradient do", () => {
    const { runs } = raceOverFlats("plateau", 0.1, 300);
    const moved = runs.map(({ points }) => Math.hypot(points.at(-1)![0]! + 3.6, points.at(-1)![1]! - 2.7));
    expect(moved[0]!).toBeLessThan(0.1);
    expect(runs.map(({ outcome }) => outcome)).toEqual(["under-way", "under-way", "arrived", "arrived"]);
  });

  test("from the line that leads into a saddle, only noise leaves it", () => {
    const saddle = findLandscape("saddle");
    const gd = { gd: sgd({ learningRate: 0.05 }) };
    expect(race(saddle, gd, { start: [-1.5, 0], steps: 500 }).runs[0]!.outcome).toBe("at-rest");
    expect(race(saddle, gd, { start: [-1.5, 0], steps: 500, noise: 1e-3 }).runs[0]!.outcome).toBe("escaped");
  });
});

describe("symmetry: two neurons that start equal", () => {
  test("remain bitwise equal under exact gradients, and end on the saddle", () => {
    for (const { points, values, outcome } of raceFromEqualWeights(0).runs) {
      for (const [x, y] of points) expect(x).toBe(y);
      expect(outcome).not.toBe("arrived");
      expect(values.at(-1)).toBeGreaterThan(0.02);
    }
  });

  test.each([0, 1, 3])("separate under noise (seed %d)", (seed) => {
    for (const { points, values } of raceFromEqualWeights(0.1, seed).runs) {
      const [x, y] = points.at(-1)!;
      expect(Math.abs(x! - y!)).toBeGreaterThan(0.8);
      expect(values.at(-1)).toBeLessThan(0.02);
    }
  });
});

test.each([0, 1, 2])(
  "sparse features: Adagrad learns the rare ones, tuned SGD does not (seed %d)",
  (seed) => {
    const { sgd: plain, momentum, adagrad } = learnSparse(seed);
    expect(rareWeight(adagrad)).toBeGreaterThan(rareWeight(plain) + 0.25);
    expect(rareWeight(adagrad)).toBeGreaterThan(rareWeight(momentum) + 0.25);
    expect(rareWeight(adagrad)).toBeGreaterThan(0.65);
    expect(rareWeight(plain)).toBeLessThan(0.6);
    expect(rareWeight(momentum)).toBeLessThan(0.6);
    expect(adagrad.loss).toBeLessThan(plain.loss);
    expect(adagrad.loss).toBeLessThan(momentum.loss);
    const rates = ratesByWeight(adagrad);
    expect(meanOf(rates.slice(-5))).toBeGreaterThan(5 * meanOf(rates.slice(0, 20)));
  },
);

testInCi("gradient variance on the digits falls as 1/b over three powers of ten", () => {
  const { batches, ofOneItem } = varianceOnDigits();
  for (const { batchSize, measured, predicted } of batches) {
    expect(predicted).toBe(ofOneItem / batchSize);
    expect(Math.abs(measured / predicted - 1), `b = ${batchSize}`).toBeLessThan(0.1);
  }
  expect(batches[0]!.measured / batches.at(-1)!.measured).toBeGreaterThan(900);
});

testInCi("batch sizes: small batches are ahead per pass, and single items are slow per second", async () => {
  const [full, small, one] = await compareOnDigits();
  expect(small!.losses[1]).toBeLessThan(full!.losses[12]!);
  expect(one!.losses[1]).toBeLessThan(full!.losses[12]!);
  expect(full!.itemsPerSecond).toBeGreaterThan(2 * one!.itemsPerSecond);
  expect(small!.itemsPerSecond).toBeGreaterThan(1.5 * one!.itemsPerSecond);
});

test("repeated data: gradient descent pays tenfold for the same steps, mini-batches do not", async () => {
  const [gd, gdTenfold, small, smallTenfold] = await compareRepeated();
  gd!.losses.forEach((value, k) => expect(gdTenfold!.losses[k]! / value).toBeCloseTo(1, 4)); // float32
  expect(gdTenfold!.items[10]).toBe(10 * gd!.items[10]!);
  expect(smallTenfold!.items[1]).toBe(small!.items[10]);
  expect(smallTenfold!.losses[1]! / small!.losses[10]!).toBeCloseTo(1, 0);
  expect(smallTenfold!.losses[1]).toBeLessThan(0.5 * gdTenfold!.losses[1]!);
});

test.each(seeds(extent(1, 3)))(
  "plateau: lowering the rate ends lower than holding it, best with some patience (seed %d)",
  async (seed) => {
    const [held, some, none, much] = (await trainOnPlateaus(seed)).map(endOf);
    for (const lowered of [some!, none!, much!]) expect(lowered).toBeLessThan(0.7 * held!);
    expect(some!).toBeLessThan(none!);
    expect(some!).toBeLessThan(much!);
  },
);

describe("long run: Adagrad stays slow after a wall, RMSProp does not", () => {
  test.each([0.05, 0.1, 0.2])("at the rate %d", (rate) => {
    const [adagrad, rmsprop] = raceBelowWall(rate).runs;
    expect(adagrad!.points.at(-1)![0]).toBeLessThan(0);
    expect(rmsprop!.outcome).toBe("arrived");
    const [ofAdagrad, ofRmsprop] = [stepsByGradient(adagrad!), stepsByGradient(rmsprop!)];
    for (const [t, ratio] of ofAdagrad.slice(1).entries()) expect(ratio).toBeLessThanOrEqual(ofAdagrad[t]!);
    expect(ofRmsprop.at(-1)).toBeGreaterThan(10 * Math.min(...ofRmsprop));
  });

  test("after enough time, Adagrad comes to rest and RMSProp oscillates", () => {
    const [adagrad, rmsprop] = raceBelowWall(1, 6000).runs;
    const wobble = (points: readonly (readonly number[])[]): number =>
      Math.abs(points.at(-1)![0]! - points.at(-2)![0]!);
    expect(wobble(adagrad!.points)).toBeLessThan(1e-3);
    expect(wobble(rmsprop!.points)).toBeGreaterThan(0.1);
  });
});

test("Adam ends at the worst point of rare large losses, AMSGrad at the best", () => {
  const [adam, amsgrad] = [onRareLosses(false), onRareLosses(true)];
  for (const C of [2.5, 3, 4, 6, 8]) {
    expect(adam(C).end, `C = ${C}`).toBeGreaterThan(0.9);
    expect(adam(C).regret, `C = ${C}`).toBeGreaterThan(0.2);
    expect(amsgrad(C).end, `C = ${C}`).toBeLessThan(-0.9);
  }
});

test.each(seeds(extent(0, 2, 1)))(
  "take-aways: untuned Adam is good early, tuned SGD is finally at least as good (seed %d)",
  async (seed) => {
    const [paper, tunedAdam, guessed, tunedSgd] = await compareAdvice(seed);
    const early = 4; // after five epochs
    expect(paper!.accuracies[early]).toBeGreaterThan(0.75);
    expect(guessed!.accuracies[early]).toBeLessThan(0.65);
    expect(paper!.accuracies.at(-1)).toBeGreaterThan(0.88);
    for (const other of [paper!, tunedAdam!, guessed!]) {
      expect(tunedSgd!.accuracies.at(-1)).toBeGreaterThanOrEqual(other.accuracies.at(-1)!);
      expect(tunedSgd!.losses.at(-1)).toBeLessThan(other.losses.at(-1)!);
    }
  },
);

describe("each preset", () => {
  // The quick extent omits presets that train networks, which take seconds.
  const long = extent(1, 0, 0) === 1 ? ["take-aways", "plateau"] : [];
  const some = presets.filter(({ name }) => !long.includes(name));
  test.each(some.map((preset) => [preset.name, preset] as const))(
    "%s makes its study",
    async (name, preset) => {
      const study = await preset.make();
      expect(study).toMatchObject({ name, title: preset.title, claim: preset.claim });
      expect(study.figures.length).toBeGreaterThan(0);
      expect(study.findings.length).toBeGreaterThan(0);
      expect(study.findings.join(" ")).not.toMatch(/NaN|undefined|∞/);
    },
  );

  test("has a unique name; the error for an unknown one suggests the nearest", () => {
    expect(new Set(presets.map(({ name }) => name)).size).toBe(presets.length);
    expect(() => findPreset("momentm")).toThrow('Did you mean "momentum"?');
  });
});
