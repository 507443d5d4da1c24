import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainPlain } from "./plain.ts";

let file: string;
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "explain-plain-"));
  file = join(folder, "options.ts");
  writeFileSync(
    file,
    `export function f(x: number, k = 2, o: { rate?: number; steps?: number } = {}): number {
  "use ad";
  let s = x;
  for (let i = 0; i < (o.steps ?? 3); i++) s += (o.rate ?? 0.5) * k * s;
  return s;
}`,
  );
});
afterAll(() => rmSync(join(file, ".."), { recursive: true }));

/** Returns everything that the command prints to both outputs. */
async function printed(at: string | undefined, json = false): Promise<string> {
  let text = "";
  const stream = { write: (part: string) => void (text += part), isTTY: false, columns: 100 };
  const terminal = { stdout: stream, stderr: stream } as never;
  await explainPlain({ file, name: "f" }, { at, iteration: undefined, json, graph: undefined }, terminal);
  return text;
}

test("optional arguments need no values", async () => {
  const { value, inputs } = JSON.parse(await printed("x=1", true)) as Readonly<Record<string, unknown>>;
  expect([value, inputs]).toEqual([8, [{ name: "x", value: 1, derivative: 8 }]]);
  const given = JSON.parse(await printed("x=1, o={ rate: 1, steps: 1 }", true)) as Readonly<
    Record<string, unknown>
  >;
  expect(given["inputs"]).toEqual([
    { name: "x", value: 1, derivative: 3 },
    { name: "o.rate", value: 1, derivative: 2 },
  ]);
  await expect(printed("k=1")).rejects.toThrow("--at has no value for x.");
});

test("constants of the module have their values, and are no inputs", async () => {
  const other = join(file, "../outer.ts");
  writeFileSync(
    other,
    `const L = Math.log(2 * Math.PI);
const weights = [1, 2];
export function f(x: number): number {
  "use ad";
  return x * L + weights[1];
}`,
  );
  let text = "";
  const stream = { write: (part: string) => void (text += part), isTTY: false, columns: 100 };
  await explainPlain(
    { file: other, name: "f" },
    { at: "x=1", iteration: undefined, json: true, graph: undefined },
    { stdout: stream, stderr: stream } as never,
  );
  const { value, inputs } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  expect(value).toBeCloseTo(Math.log(2 * Math.PI) + 2, 12);
  expect(inputs).toEqual([{ name: "x", value: 1, derivative: Math.log(2 * Math.PI) }]);
});

test("without values the code omits arguments without a derivative", async () => {
  const text = await printed(undefined);
  expect(text).toContain("export function fGrad(x, k, o)");
  expect(text).toContain("its gradient in x, k");
  expect(text).toContain("give --at 'x=…'");
});
