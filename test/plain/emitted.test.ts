// Compares modules written by `downhill emit`, run in a separate Node process, with the library: value and gradient of
// the functions of functions.ts and fields.ts.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configure, valueAndGrad } from "downhill";
import { compile } from "downhill/plain";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import type { EmitOptions } from "../../src/numeric/plain/emit/module.ts";
import { emitModule } from "../../src/numeric/plain/emit/module.ts";
import { numbersIn } from "../support/plain-differences.ts";
import { moduleOfText } from "../support/plain-region.ts";
import type { PlainCase } from "./cases.ts";
import { byHand, fromFields } from "./cases.ts";

type Differentiated = (...args: readonly unknown[]) => unknown;
const differentiate = valueAndGrad as unknown as (
  f: unknown,
  options: { readonly argnums: readonly number[] },
) => Differentiated;

const ways = {
  wasm: { wasm: true },
  exact: { functions: "exact" },
  Math: { functions: "Math" },
} as const satisfies Record<string, EmitOptions>;
type Way = keyof typeof ways;

const isNumber = ({ f, args }: PlainCase): boolean => typeof f(...(args as never[])) === "number";
const sources = [
  { file: "functions", cases: byHand.filter(isNumber) },
  { file: "fields", cases: fromFields.filter(isNumber) },
];
const compiled = new Map<string, unknown>();
let outcomes: ReadonlyMap<string, unknown>;

/** Imports modules one after the other and calls a function of each. */
const runner = `
import { readFileSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
const outcomes = new Map();
for (const { key, name, args } of deserialize(readFileSync("calls")))
  outcomes.set(key, (await import("./" + key + ".mjs"))[name](...args));
writeFileSync("outcomes", serialize(outcomes));
`;

let folder: string;
beforeAll(async () => {
  configure({ reproducible: true }); // emitted modules round each product, on every machine
  folder = mkdtempSync(join(tmpdir(), "downhill-emitted-"));
  const calls: unknown[] = [];
  for (const { file, cases } of sources) {
    const text = readFileSync(new URL(`${file}.ts`, import.meta.url), "utf8");
    const functions = await compile(text, { file: `${file}.ts` });
    const module = moduleOfText(text, `${file}.ts`);
    for (const { name, args, wrt } of cases) {
      compiled.set(name, functions[name]);
      const form = elaborate(module, name);
      const grad = wrt.map((i) => form.params[i]!.name);
      for (const [way, options] of Object.entries(ways)) {
        const key = `${name}-${way}`;
        writeFileSync(join(folder, `${key}.mjs`), emitModule(form, { value: true, grad, ...options }).code);
        calls.push({ key, name: `${name}Grad`, args });
      }
    }
  }
  writeFileSync(join(folder, "calls"), serialize(calls));
  writeFileSync(join(folder, "run.mjs"), runner);
  execFileSync(process.execPath, ["run.mjs"], { cwd: folder });
  outcomes = deserialize(readFileSync(join(folder, "outcomes"))) as typeof outcomes;
});
afterAll(() => {
  configure({ reproducible: false });
  rmSync(folder, { recursive: true });
});

/** The largest difference of two lists of numbers, relative to the size of the second one. */
function distance(x: readonly number[], y: readonly number[]): number {
  expect(x).toHaveLength(y.length);
  const size = Math.max(...y.map(Math.abs));
  return Math.max(...x.map((value, i) => Math.abs(value - y[i]!))) / size;
}

describe.each(sources)("emitted modules of $file.ts", ({ cases }) => {
  test.each(cases)("$name has the value and gradient of the library", ({ name, args, wrt }) => {
    const argnums = wrt.length === 1 ? wrt[0]! : wrt;
    const library = differentiate(compiled.get(name), { argnums: argnums as readonly number[] })(...args);
    const emitted = (way: Way): unknown => outcomes.get(`${name}-${way}`);
    expect(emitted("wasm")).toEqual(library);
    // sums that the library folds in lanes are sequential in JavaScript
    expect(distance(numbersIn(emitted("exact")), numbersIn(library))).toBeLessThan(1e-13);
    expect(distance(numbersIn(emitted("Math")), numbersIn(library))).toBeLessThan(1e-12);
  });
});
