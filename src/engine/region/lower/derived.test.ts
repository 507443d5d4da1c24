import { expect, test, vi } from "vitest";
import type { Region } from "../form/region.ts";
import { addStep, wrapRegion } from "./derived.ts";

const region: Region = { name: "f", params: [], body: [], results: [], positions: [] };

test("steps of a derivation are separated by commas", () => {
  const once = addStep(wrapRegion(region), "tangent", () => region);
  expect(once.steps).toBe("tangent");
  expect(addStep(once, "transpose", () => region).steps).toBe("tangent, transpose");
});

test("a checkpoint of the base is a step, because the key of the base leaves it out", () => {
  expect(wrapRegion(region).steps).toBe("");
  expect(wrapRegion({ ...region, checkpoint: 3 }).steps).toBe("checkpoint 3");
});

test("a derived region is computed at its first use, and once", () => {
  const derived: Region = { ...region, name: "g" };
  const make = vi.fn(() => derived);
  const found = addStep(wrapRegion(region), "tangent", make);
  expect(make).not.toHaveBeenCalled();
  expect([found.region(), found.region()]).toEqual([derived, derived]);
  expect(make).toHaveBeenCalledTimes(1);
});
