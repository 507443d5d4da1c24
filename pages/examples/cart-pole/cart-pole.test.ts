import { expect, test } from "vitest";
import { bounds, episodeFrom, firstParams, horizon, tensorsOf } from "./cart.ts";
import { train, type Update } from "./training.ts";

test("a leaning pole falls further under an untrained network", () => {
  const episode = episodeFrom(firstParams(1), 0.2);
  expect(episode[0]).toMatchObject({ place: 0, angle: expect.closeTo(0.2, 6) as number });
  expect(episode.length).toBeLessThan(horizon / 2);
  expect(episode.every(({ angle }) => Math.abs(angle) < bounds.angle)).toBe(true);
});

test("training makes episodes several times as long, and the network then balances a tilted pole", async () => {
  const told: Update[] = [];
  await train({ seed: 1, rate: 0.03, updates: 32, episodes: 32 }, (update) => told.push(update));
  const mean = (updates: readonly Update[]): number =>
    updates.reduce((sum, { steps }) => sum + steps, 0) / updates.length;
  expect(mean(told.slice(-10))).toBeGreaterThan(3 * mean(told.slice(0, 5)));
  const params = tensorsOf(told.at(-1)!.params);
  expect(episodeFrom(params, 0.15).length).toBeGreaterThan(2 * episodeFrom(firstParams(1), 0.15).length);
});
