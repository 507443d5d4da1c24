import { add, foriLoop, grad, greater, mul, scan, sum, tanh, type Tensor, tensor, whileLoop } from "downhill";
import { expect, test } from "vitest";
import { foldsOf, loopsOf } from "./groups.ts";
import { pageData } from "./page-data.ts";
import { traceTable } from "./trace-table.ts";

const items = [1, 2, 3];

/** A recurrence h ← tanh(w·h + x) that also returns twice the state before each step. */
function recurrence(w: Tensor, xs: Tensor): Tensor {
  const [last, seen] = scan((h: Tensor, x: Tensor) => [tanh(add(mul(w, h), x)), mul(h, 2)], 0.1, xs);
  return add(last, sum(seen));
}

/** States of the recurrence as plain numbers, including the initial one. */
function states(w: number): number[] {
  const list = [0.1];
  for (const x of items) list.push(Math.tanh(w * list.at(-1)! + x));
  return list;
}

test("an unrolled loop has the lines of each iteration with their values, and the gradient of the loop", () => {
  const table = traceTable(recurrence, { at: [0.5, items], unroll: true });
  const lines = new Map<number, Map<string, unknown>>();
  for (const { operation, value, iterations } of table.program) {
    const at = iterations?.[0]?.value;
    if (at === undefined) continue;
    expect(iterations).toEqual([{ loop: "i", index: "i", value: at }]);
    lines.set(at, (lines.get(at) ?? new Map<string, unknown>()).set(operation, value));
  }
  expect([...lines.keys()]).toEqual([0, 1, 2]);
  const known = states(0.5);
  for (const [at, values] of lines) {
    expect(values.get("take")).toBe(items[at]); // what is read for an iteration stands with it
    expect(values.get("tanh")).toBeCloseTo(known[at + 1]!, 12);
    expect(values.get("reshape")).toMatchObject({ type: "f64[1]" }); // and so does what is kept of it
  }
  expect(
    table.program.filter(({ iterations }) => iterations === undefined).map(({ operation }) => operation),
  ).toEqual(["concatenate", "sum", "add"]);
  const slope = grad((w: Tensor) => recurrence(w, tensor(items)))(0.5).item();
  expect(table.gradient["w"]).toBeCloseTo(slope, 12);
  expect(table.check!.ok).toBe(true);
});

test("names in an iteration are those of the loop followed by its number, so that names are unique", () => {
  const { program } = traceTable(recurrence, { at: [0.5, items], unroll: true });
  const names = program.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const tanhs = program.filter(({ operation }) => operation === "tanh").map(({ name }) => name);
  const [first] = tanhs;
  expect(first).toMatch(/^[a-z]+_0$/);
  expect(tanhs).toEqual([0, 1, 2].map((i) => first!.replace("_0", `_${i}`)));
});

test("nested loops are nested groups, with one chosen iteration each", () => {
  const power = (x: Tensor): Tensor =>
    foriLoop(0, 3, (_, y: Tensor) => foriLoop(0, 2, (j, z: Tensor) => add(mul(z, x), j), y), x);
  const table = traceTable(power, { at: [0.5], unroll: true });
  expect(table.value).toBe(power(tensor(0.5)).item());
  const { groups = [], lines } = pageData(table, "power");
  expect(loopsOf(groups)).toEqual([
    { loop: "i", label: "i", values: [0, 1, 2] },
    { loop: "j", label: "j", values: [0, 1] },
  ]);
  const shown = new Map([
    ["i", 1],
    ["j", 0],
  ]);
  const { around } = foldsOf(groups, { closed: new Set(), shown });
  const open = lines.filter(
    ({ group = -1 }) => group >= 0 && !around(group).some(({ isClosed }) => isClosed),
  );
  expect(open.length).toBeGreaterThan(3);
  for (const { left } of open) expect(left).toMatch(/_1(_0)?$/);
});

test("a loop stays one line by default, and if it is too long", () => {
  const operations = (f: (x: Tensor) => Tensor, unroll?: true): string[] =>
    traceTable(f, { at: [3], ...(unroll === undefined ? {} : { unroll }) }).program.map(
      ({ operation }) => operation,
    );
  const short = (x: Tensor): Tensor => foriLoop(0, 2, (_, y: Tensor) => tanh(y), x);
  expect(operations(short)).toContain("scan");
  expect(operations(short, true)).not.toContain("scan");
  expect(operations((x) => foriLoop(0, 1000, (_, y: Tensor) => tanh(y), x), true)).toContain("scan");
  const halved = (x: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => greater(y, 1),
      (y: Tensor) => mul(y, 0.5),
      x,
    );
  expect(() => operations(halved)).toThrow(/whileLoop/); // as long as it is one line it has no reverse mode
  const long = (x: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => greater(y, 1),
      (y: Tensor) => mul(y, 0.999),
      x,
    );
  expect(() => operations(long, true)).toThrow(/whileLoop/);
});

test("a while loop is unrolled for its number of iterations: it was one line", () => {
  const halved = (x: Tensor, w: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => greater(y, 1),
      (y: Tensor) => mul(y, w),
      x,
    );
  const table = traceTable(halved, { at: [3, 0.5], unroll: true });
  expect(table.value).toBe(0.75);
  expect(table.gradient["x"]).toBeCloseTo(0.25, 12); // w²
  expect(table.gradient["w"]).toBeCloseTo(3, 12); // 2·w·x
  expect(table.check!.ok).toBe(true);
  expect(table.program.map(({ iterations }) => iterations?.[0]?.value)).toEqual([0, 1]);
  expect(traceTable(halved, { at: [0.5, 0.5], unroll: true }).gradient["x"]).toBe(1);
  const { groups = [] } = pageData(table, "halved");
  expect(loopsOf(groups)).toEqual([{ loop: "i", label: "i", values: [0, 1] }]);
});

test("nested while loops have their number of iterations in each outer iteration", () => {
  const twice = (x: Tensor): Tensor =>
    foriLoop(
      0,
      3,
      (_, y: Tensor) =>
        whileLoop(
          (z: Tensor) => greater(z, 1),
          (z: Tensor) => mul(z, 0.5),
          mul(y, 3),
        ),
      x,
    );
  const table = traceTable(twice, { at: [0.9], unroll: true });
  const runs = table.program.flatMap(({ iterations }) =>
    iterations?.length === 2 ? [iterations.map(({ value }) => value).join(".")] : [],
  );
  const expected: string[] = [];
  let y = 0.9;
  for (let i = 0; i < 3; i++) {
    y *= 3;
    for (let j = 0; y > 1; j++, y *= 0.5) expected.push(`${i}.${j}`);
  }
  expect(runs).toEqual(expected);
  expect(table.value).toBeCloseTo(y, 14);
});
