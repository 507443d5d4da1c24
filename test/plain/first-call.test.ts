// Counts the library's own calls during the first call of a plain function, because no test measures time.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { valueAndGrad } from "downhill";
import { compile } from "downhill/plain";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { gradient } from "../../src/engine/region/derive/gradient.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import { engine } from "../../src/engine/runtime/engine.ts";
import type { CompiledRecord } from "../../src/engine/runtime/region-records.ts";
import { keeperOf, makeRecords } from "../../src/engine/runtime/region-records.ts";
import { must } from "../../src/engine/util/assert-never.ts";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import { parseModule } from "../../src/numeric/plain/syntax/module.ts";
import { loadParser } from "../../src/numeric/plain/syntax/parser.ts";
import { callsOf } from "../support/calls.ts";
import { byHand } from "./cases.ts";

const text = readFileSync(new URL("functions.ts", import.meta.url), "utf8");
const parse = await loadParser();
const ours = (url: string): boolean => url.includes("/src/");

/** Calls of library functions from the text to the routine of value and gradient, step by step. */
function callsFor(name: string): Readonly<Record<"elaborate" | "derive" | "lower", number>> {
  const module = parseModule(text, { parse });
  const { region } = elaborate(module, name);
  const active = region.params.map(({ type }) => type === "f64");
  const derive = () => gradient(region, active, scalarFunctions, { wanted: "values gradient" });
  const lower = () => lowerRegion(derived, scalarFunctions, { failedChecks: "end" });
  const derived = derive();
  lower(); // state shared by all functions, such as rules of primitives, exists now
  return {
    elaborate: callsOf(() => void elaborate(parseModule(text, { parse }), name), ours),
    derive: callsOf(() => void derive(), ours),
    lower: callsOf(() => void lower(), ours),
  };
}

describe("the first call of a mixture of Gaussians", () => {
  const calls = callsFor("mixture");

  // some 15 % above the counts: 13,000, 57,200 and 60,500
  test.each([
    ["elaborate", 15_000],
    ["derive", 65_800],
    ["lower", 69_600],
  ] as const)("takes no more calls to %s than it did", (step, most) => {
    expect(calls[step]).toBeLessThan(most);
    expect(calls[step]).toBeGreaterThan(most / 2); // otherwise they are not counted, or the bound should be lowered
  });
});

describe("the first call by a record", () => {
  // some 15 % above what it takes, of 117,700 that derive and lower: 2,609 on Node 20, 3,242 on Node 24; and 195
  test.each([
    ["mixture", 3750],
    ["rosenbrock", 225],
  ] as const)("of %s neither derives nor lowers", async (name, most) => {
    const { args, wrt } = must(
      byHand.find((one) => one.name === name),
      name,
    );
    const functions = await compile<Readonly<Record<string, (...args: unknown[]) => number>>>(text);
    const differentiate = valueAndGrad as unknown as (
      f: object,
      options: object,
    ) => (...args: unknown[]) => unknown;
    const kept = new Map<string, CompiledRecord>();
    engine.records = makeRecords(
      keeperOf({ get: (key) => kept.get(key), put: (key, record) => void kept.set(key, record) }),
    );
    const first = (): unknown => differentiate(functions[name]!, { argnums: wrt })(...args);
    try {
      first();
      engine.regions?.clear();
      const before = engine.compilations;
      const calls = callsOf(() => void first(), ours);
      expect(engine.compilations).toBe(before);
      expect(kept.size).toBe(1);
      expect(calls).toBeLessThan(most);
      expect(calls).toBeGreaterThan(most / 2);
    } finally {
      engine.records = undefined;
    }
  });
});

test("to parse a text of four times the length takes four times the calls", () => {
  const block = `{\n${text.replace(/^export /gm, "")}\n}\n`;
  const count = (copies: number): number =>
    callsOf(
      () => void parse(block.repeat(copies), "long.ts"),
      (url) => url.includes("acorn"),
    );
  expect(count(8) / count(2)).toBeLessThan(4.5); // the square of the length where each trial counts lines
});
