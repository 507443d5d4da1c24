import { afterEach, describe, expect, test } from "vitest";
import type { Program, Tensor } from "downhill";
import { checkProgram, grad, jit, makeProgram, printProgram, scan, sin, tensor } from "downhill";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { compileProgram } from "../runtime/executable.ts";
import { nameValue } from "../trace/staging.ts";

/** Names that would cause errors or clashes if they reached generated code unescaped. */
const names = [
  '"];globalThis.hacked = 1;//',
  "*/ globalThis.hacked = 2; /*",
  "a\nglobalThis.hacked = 3\n",
  "`${globalThis.hacked = 4}`",
  "</script><script>globalThis.hacked = 5</script>",
  "\u2028globalThis.hacked = 6\u2029",
  "\\u0022];globalThis.hacked = 7",
  "__proto__",
  "constructor",
  "return",
  "arguments",
  "eval",
  "Math",
  "undefined",
  "a b",
  "a_b",
  "a-b",
  "1st",
  "",
  "π",
  "x".repeat(1000),
];

afterEach(() => {
  expect(globalThis).not.toHaveProperty("hacked");
});

/** A program that adds up all values of an object, each with a user's name. */
function programOf(shape: readonly number[]): Program {
  const params = Object.fromEntries(
    names.map((name) => [
      name,
      tensor(1)
        .add(0)
        .mul(tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1), { shape })),
    ]),
  );
  const total = (p: Record<string, Tensor>): Tensor =>
    Object.entries(p)
      .map(([name, x], i) => nameValue(sin(x.mul(i)), name))
      .reduce((a, b) => a.add(b));
  return makeProgram(total)(params);
}

const expected = names.reduce((sum, _, i) => sum + sin(i).item(), 0);

describe("names chosen by users", () => {
  test.each([[[]], [[2]]])("never reach the code of a program on values of shape %j", (shape) => {
    const program = programOf(shape);
    checkProgram(program);
    const ins = program.ins.map((v) =>
      tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1), { shape: v.type.shape }),
    );
    for (const backend of [interpBackend, jsBackend]) {
      const [out] = compileProgram(program, backend).run(ins.map((x) => x.slot!));
      expect(out!.data()[0], backend.name).toBe(expected);
    }
  });

  test("are printed on one line each, and all are different", () => {
    const program = programOf([]);
    const lines = printProgram({ ...program, name: names[2]! }).split(/[\n\u2028\u2029]/);
    expect(lines).toHaveLength(program.eqns.length + 3);
  });

  test("may be those of functions", () => {
    for (const name of names) {
      const f = (x: Tensor): Tensor => scan(step, x, null, { length: 2 })[0];
      const step = (c: Tensor): [Tensor, null] => [c.mul(2), null];
      Object.defineProperty(f, "name", { value: name });
      Object.defineProperty(step, "name", { value: name });
      expect(jit(f)(3).item()).toBe(12);
      expect(grad(jit(f))(3).item()).toBe(4);
      expect(compileProgram(makeProgram(f)(3), jsBackend).run([3])[0]!.item()).toBe(12);
    }
  });
});
