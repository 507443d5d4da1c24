import { expect, test } from "vitest";
import { elaborate } from "../elaborate/elaborate.ts";
import { moduleOfText } from "../../../../test/support/plain-region.ts";
import { preludeNames } from "../../../engine/backends/js/standalone.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { tensor } from "../../array/index.ts";
import { helperSources } from "./helpers.ts";
import type { EmitOptions } from "./module.ts";
import { emitModule } from "./module.ts";
import { emitTensorModule } from "./tensor.ts";

/** Names of parts of a program that calls every helper. */
interface Names {
  readonly fn: string;
  readonly matrix: string;
  readonly items: string;
  readonly local: string;
  readonly field: string;
}

const neutral: Names = { fn: "loss", matrix: "given", items: "things", local: "total", field: "weight" };

const program = ({ fn, matrix, items, local, field }: Names): string => `
interface Thing { ${field}: number; parts: { v: number[] }[]; on: boolean }
export function ${fn}(x: number[], ${matrix}: number[][], ${items}: Thing[], n: number, order: number[]): number {
  "use ad";
  let ${local} = 0;
  for (const line of ${matrix}) for (const y of line) ${local} += Math.exp(y) * Math.tanh(x[0]) + x[1];
  const buffer: number[] = [];
  for (let at = 0; at < n; at++) buffer.push(0);
  for (const at of order) buffer[at] += x[at] * Math.round(x[0]);
  for (const thing of ${items}) {
    if (thing.on) ${local} += thing.${field} * Math.log(thing.${field} + 2);
    for (const part of thing.parts) for (const v of part.v) ${local} += v * x[2] + Math.sqrt(x[1]);
  }
  let y = 0.5;
  while (y < 3) y += Math.sin(y) * x[0];
  for (let at = 0; at < n; at++) ${local} += buffer[at] * buffer[at] * y + Math.max(x[at], 0.5) * Math.floor(x[0] + 0.5);
  return ${local};
}`;

const ways = {
  Math: { functions: "Math" },
  exact: { functions: "exact" },
  wasm: { wasm: true },
} as const satisfies Record<string, EmitOptions>;

async function imported(code: string): Promise<Record<string, (...args: readonly unknown[]) => unknown>> {
  return (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as never;
}

const argumentsWith = ({ field }: Names): unknown[] => {
  const thing = (k: number): unknown => ({
    [field]: 0.3 + k,
    parts: [{ v: [1, k] }, { v: [k, 2] }],
    on: k > 0,
  });
  return [[0.7, 1.2, -0.4], [[0.1, 0.2], [0.3, -0.1]], [thing(0), thing(1)], 3, [2, 0, 1, 2]]; // prettier-ignore
};

/** Everything that a module with these names returns, with the field's name replaced. */
async function outcomes(names: Names, options: EmitOptions): Promise<string> {
  const form = elaborate(moduleOfText(program(names), "names.ts"), names.fn);
  const grad = [form.params[0]!.name, form.params[1]!.name, form.params[2]!.name];
  const { code } = emitModule(form, { value: true, grad, hvp: "x", ...options });
  const module = await imported(code);
  const args = argumentsWith(names);
  const results = [
    module[names.fn]!(...args),
    module[`${names.fn}Grad`]!(...args),
    module[`${names.fn}Hvp`]!(...args, [1, 0.5, -1]),
  ];
  const text = JSON.stringify(results, (_, value: unknown) =>
    value instanceof Float64Array ? Array.from(value) : value,
  );
  return text.replaceAll(`${JSON.stringify(names.field)}:`, '"field":');
}

const ownNames = [
  ...Object.keys(helperSources),
  ...preludeNames,
  ..."memory bytesOf firstFree classes compile execute exp tanh log sin imports".split(" "),
];
const rolesOfOwn = [["fn", "local"], ["matrix", "field"], ["items"]];
const localNames = "_ item row rows_columns i i_2 inputs outputs lossCode lossGradCode loss j k list".split(
  " ",
);
const globals = "Array Number Object Float64Array Int32Array RangeError Error WebAssembly".split(" ");

test.each(Object.keys(ways) as (keyof typeof ways)[])(
  "names of the source may be those of a module's own declarations (%s)",
  async (way) => {
    const wanted = await outcomes(neutral, ways[way]);
    for (const [k, name] of ownNames.entries()) {
      for (const roles of way === "Math" ? rolesOfOwn : [rolesOfOwn[k % 2]!]) {
        const names = { ...neutral, ...Object.fromEntries(roles.map((role) => [role, name])) };
        expect([name, roles, await outcomes(names, ways[way])]).toEqual([name, roles, wanted]);
      }
    }
    for (const name of way === "Math" ? [...localNames, ...globals] : globals) {
      const roles = globals.includes(name)
        ? ["matrix", "items", "field"]
        : ["matrix", "items", "local", "field"];
      for (const role of roles) {
        const outcome = await outcomes({ ...neutral, [role]: name }, ways[way]);
        expect([name, role, outcome]).toEqual([name, role, wanted]);
      }
    }
    for (const fn of ["RangeError", "WebAssembly"])
      expect([fn, await outcomes({ ...neutral, fn }, ways[way])]).toEqual([fn, wanted]);
  },
);

test("helpers give way, and the code keeps the names of the source", () => {
  const text = `export function store(rows: number[][], place: number, i: number): number {
  "use ad";
  const columns = rows[i].length;
  return rows[i][columns - 1] * place;
}`;
  const { code } = emitModule(elaborate(moduleOfText(text, "own.ts"), "store"), { value: true });
  const at = code.indexOf("export");
  expect(code.slice(at)).toMatchInlineSnapshot(`
    "export function store(rows, place, i) {
      const rows_columns = columns_2(rows, "rows");
      const columns = rows_columns;
      return rows[place_2(i, rows.length, "own.ts:4:10: rows[i][columns - 1]")][
        place_2(columns - 1, rows_columns, "own.ts:4:10: rows[i][columns - 1]")
      ] *
        place;
    }
    "
  `);
  expect(code.slice(0, at)).toContain("function place_2(i, length, where) {");
});

test("a Jacobian may have parameters of any names", async () => {
  const text = `export function curve(columns: number[], j: number, k: number, _: number): number[] {
  "use ad";
  return columns.map((row, i) => row * row * j + k * i + _);
}`;
  const form = elaborate(moduleOfText(text, "jacobian.ts"), "curve");
  for (const options of Object.values(ways)) {
    const { code } = emitModule(form, { jacobian: "columns", ...options });
    const { curveJacobian } = await imported(code);
    expect(curveJacobian!([1, 2], 3, 4, 5)).toEqual([[6, 0], [0, 12]]); // prettier-ignore
  }
});

test.each(["curveJvp", "curveJacobian", "curveJvp_"])(
  "a Jacobian may have a parameter or local %s, the name of an exported function",
  async (name) => {
    const params = [`${name}: number[], curveJvp_2: number`, `xs: number[], ${name}: number`];
    const texts = params.map((given) => {
      const [array, factor] = given.split(", ").map((param) => param.split(":")[0]!);
      return `export function curve(${given}): number[] { "use ad"; return ${array}.map((x) => x * x * ${factor}); }`;
    });
    texts.push(
      `export function curve(xs: number[], k: number): number[] { "use ad"; const ${name} = k; return xs.map((x) => x * x * ${name}); }`,
    );
    for (const text of texts) {
      const form = elaborate(moduleOfText(text, "jacobian.ts"), "curve");
      const jacobian = form.params[0]!.name;
      for (const options of Object.values(ways)) {
        const { code, types } = emitModule(form, { jacobian, ...options });
        const { curveJacobian, curveJvp } = await imported(code);
        expect(curveJacobian!([1, 2], 3)).toEqual([[6, 0], [0, 12]]); // prettier-ignore
        expect(curveJvp!([1, 2], 3, [1, 1])).toEqual([6, 12]);
        expect(types).toMatch(/export function curveJacobian\(.*\): number\[\]\[\];/);
      }
    }
  },
);

test.each(["execute", "check", "memory", "doubles", "constant0", "x"])(
  "a function over tensors may be called %s",
  async (name) => {
    const scale = tensor([1, 2, 3]);
    for (const wasm of [false, true]) {
      const options = { name, args: [arrayType("float64", [3])], wasm };
      const { code } = emitTensorModule((x: never) => scale.mul(x).exp(), options);
      const module = await imported(code);
      expect(module[name]!([0, 0, 0])).toEqual(new Float64Array([1, 1, 1]));
    }
  },
);
