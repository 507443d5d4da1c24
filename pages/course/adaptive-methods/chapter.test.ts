// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as optim from "downhill/optim";
import { expect, test } from "vitest";
import { rareWeight } from "../../../src/pictures/landscapes/presets/sparse.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import { byAdagrad, byRmsprop, wallStart } from "./long-run.ts";
import { rememberedBy } from "./memory.ts";
import { printed, program } from "./program.ts";
import { bySgd, byRates, sgdRate } from "./state.ts";

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill, "downhill/optim": optim })).toBe(printed);
});

test("Adagrad's path does not change with the steepness", () => {
  const run = rememberedBy("adagrad");
  const paths = [1, 25, 200].map((kappa) => run([-3, 2], { rate: 0.2, kappa }).points);
  for (const path of paths)
    path.forEach((point, t) => point.forEach((x, i) => expect(x).toBeCloseTo(paths[0]![t]![i]!, 6)));
});

test("rare features: at the initial rates Adagrad learns them, SGD learns less than two thirds", () => {
  expect(rareWeight(byRates.value)).toBeGreaterThan(0.7);
  expect(rareWeight(bySgd.value)).toBeLessThan(0.6);
  const loss = bySgd.value.loss;
  sgdRate.value = 0.12; // the frequent features are learnt less well
  expect(bySgd.value.loss).toBeGreaterThan(1.5 * loss);
  sgdRate.value = 0.04;
});

test("long run: RMSProp's steps grow again after a few hundred steps; at rate 1 it oscillates where Adagrad rests", () => {
  const lastStep = ({ points }: ReturnType<typeof byAdagrad>): number =>
    Math.hypot(...points.at(-1)!.map((x, i) => x - points.at(-2)![i]!));
  expect(byAdagrad(wallStart, { rate: 0.2 }).points.at(-1)![0]).toBeLessThan(0);
  const rmsprop = byRmsprop(wallStart, { rate: 0.2 });
  expect(rmsprop.points.findIndex(([x]) => x! > 5)).toBeLessThan(500);
  for (const rate of [0.2, 1]) expect(lastStep(byRmsprop(wallStart, { rate }))).toBeGreaterThan(0.4 * rate);
  expect(lastStep(byAdagrad(wallStart, { rate: 1 }))).toBeLessThan(0.02);
});
