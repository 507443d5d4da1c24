import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  bind1,
  cos,
  definePrimitive,
  exp,
  floor,
  grad,
  jit,
  makeProgram,
  matmul,
  mean,
  mul,
  scan,
  sin,
  sub,
  tanh,
  tensor,
  where,
  less,
} from "downhill";
import type { Primitive, Tensor } from "downhill";
import { extent } from "../../../test/support/extent.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import type { TraceTable } from "./index.ts";
import { traceTable, traceText } from "./index.ts";

const texts = (lines: readonly { readonly text: string }[]): string[] => lines.map(({ text }) => text);

/** The lecture notes' example, z = x*y + sin(x) = a + b, at (2, 3). */
const notes = traceText(compileText("x*y + sin(x)"), { at: [2, 3] });

describe("the notes' example", () => {
  test("the program, line by line", () => {
    expect(texts(notes.program)).toEqual(["a = x * y", "b = sin(x)", "z = a + b"]);
    expect(notes.program.map(({ value }) => value)).toEqual([6, Math.sin(2), 6 + Math.sin(2)]);
    expect(notes.value).toBe(6 + Math.sin(2));
  });

  test("forward mode: each line with its differential, one pass per input", () => {
    const [dx, dy] = notes.forward;
    expect(notes.forward.map(({ seed }) => ({ ...seed }))).toEqual([
      { x: 1, y: 0 },
      { x: 0, y: 1 },
    ]);
    expect(dx!.lines.map(({ text, tangent }) => [text, tangent.text, tangent.value])).toEqual([
      ["x", "dx", 1],
      ["y", "dy", 0],
      ["a = x * y", "da = dx * y + x * dy", 3],
      ["b = sin(x)", "db = dx * cos(x)", Math.cos(2)],
      ["z = a + b", "dz = da + db", 3 + Math.cos(2)],
    ]);
    expect(dy!.lines.map(({ tangent }) => tangent.value)).toEqual([0, 1, 2, 0, 2]);
  });

  test("reverse mode: adjoints backwards, each contribution on its own line, then the sum", () => {
    const c = Math.cos(2);
    expect(notes.reverse.map((line) => [line.text, line.value])).toEqual([
      ["∂s/∂z = 1", 1],
      ["∂s/∂a = ∂s/∂z", 1],
      ["∂s/∂b = ∂s/∂z", 1],
      ["∂s/∂x += ∂s/∂b * cos(x)", c],
      ["∂s/∂x += ∂s/∂a * y", 3],
      ["∂s/∂y = x * ∂s/∂a", 2],
      ["∂s/∂x = ∂s/∂b * cos(x) + ∂s/∂a * y", 3 + c],
    ]);
    expect(
      notes.reverse.flatMap((line) => (line.kind === "contribution" ? [[line.from, line.rule]] : [])),
    ).toEqual([
      ["z", "dz = da + db"],
      ["z", "dz = da + db"],
      ["b", "db = dx * cos(x)"],
      ["a", "da = dx * y + x * dy"],
      ["a", "da = dx * y + x * dy"],
    ]);
    expect({ ...notes.gradient }).toEqual({ x: 3 + c, y: 2 });
  });

  test("the values saved in the forward pass, and their uses", () => {
    expect(notes.stored).toEqual([
      { name: "cos(x)", value: "cos(x)", at: "b", usedBy: [{ from: "b", to: "x" }] },
      { name: "y", value: "y", at: "y", usedBy: [{ from: "a", to: "x" }] },
      { name: "x", value: "x", at: "x", usedBy: [{ from: "a", to: "y" }] },
    ]);
  });

  test("the lines that each input can affect, and the check", () => {
    expect({ ...notes.affects }).toEqual({ x: ["a", "b", "z"], y: ["a", "z"] });
    expect(notes.check).toMatchObject({ ok: true, skipped: 0 });
    expect(notes.check!.entries.map(({ of, ok }) => [of, ok])).toEqual([
      ["x", true],
      ["y", true],
    ]);
  });

  test("named statements give the same trace, and so does a function", () => {
    const named = traceText(compileText("a = x*y; b = sin(x); z = a + b"), { at: [2, 3] });
    expect(named).toEqual(notes);
    const f = (x: Tensor, y: Tensor): Tensor => add(mul(x, y), sin(x));
    const table = traceTable(f, { at: [2, 3] });
    expect(table.program[0]!.source).toMatch(/trace-table\.test\.ts:\d+/);
    const program = table.program.map((line) => ({ ...line, source: null }));
    expect({ ...table, name: "z", program }).toEqual(notes);
  });

  test("without values the trace is symbolic", () => {
    const symbolic = traceText(compileText("x*y + sin(x)"));
    expect(texts(symbolic.program)).toEqual(texts(notes.program));
    expect(texts(symbolic.reverse)).toEqual(texts(notes.reverse));
    expect(symbolic.forward).toHaveLength(1);
    expect(symbolic.forward[0]!.lines.map(({ tangent }) => tangent.text)).toEqual(
      notes.forward[0]!.lines.map(({ tangent }) => tangent.text),
    );
    expect([symbolic.value, { ...symbolic.gradient }, symbolic.check]).toEqual([
      null,
      { x: null, y: null },
      null,
    ]);
    expect(symbolic.reverse.every(({ value }) => value === null)).toBe(true);
  });

  test("a table is plain data", () => {
    expect(JSON.parse(JSON.stringify(notes))).toEqual(notes);
  });
});

test("a chosen seed gives one pass along it", () => {
  const { forward } = traceText(compileText("x*y"), { at: [2, 3], seeds: [[1, -1]] });
  expect(forward.map(({ lines }) => lines.map(({ tangent }) => tangent.value))).toEqual([[1, -1, 3 - 2]]);
});

test("derivatives with respect to some inputs only", () => {
  const table = traceText(compileText("x*y + sin(x)"), { at: [2, 3], wrt: ["y"] });
  expect({ ...table.gradient }).toEqual({ y: 2 });
  expect(texts(table.reverse)).toEqual(["∂s/∂z = 1", "∂s/∂a = ∂s/∂z", "∂s/∂y = x * ∂s/∂a"]);
  expect(table.forward.map(({ lines }) => lines.map(({ tangent }) => tangent.text))).toEqual([
    ["dx = 0", "dy", "da = x * dy", "db = 0", "dz = da"],
  ]);
});

describe("a rule broken on purpose breaks the trace as it breaks grad", () => {
  test("a custom primitive with a wrong rule", () => {
    const wrong: Primitive<object> = definePrimitive<object>({
      name: "wrong",
      typeOf: ([x]) => [x!],
      derivative: { kind: "smooth", jvp: ([dx], [x]) => [dx && mul(dx, mul(x!, 5))] },
      batch: "elementwise",
      lowering: { kind: "elementwise", scalar: ([x]) => x! },
    });
    const f = (x: Tensor): Tensor => sin(bind1(wrong, [x], {}));
    const table = traceTable(f, { at: [0.4] });
    expect(table.gradient["x"]).toBe(grad(f)(0.4).item());
    expect(texts(table.reverse)).toContain("∂s/∂x = ∂s/∂a * (x * 5)");
    expect(table.check).toMatchObject({ ok: false });
  });

  test("a rule of the library, while it is broken", () => {
    const f = (x: Tensor): Tensor => sin(x);
    const { derivative } = makeProgram(f)(1).eqns[0]!.prim;
    if (derivative.kind !== "smooth") throw new Error("sin is smooth");
    const own = derivative.jvp;
    try {
      (derivative as { jvp: typeof own }).jvp = ([dx], [x]) => [dx && mul(dx, sin(x!))];
      const table = traceTable(f, { at: [1] });
      expect(table.gradient["x"]).toBe(Math.sin(1));
      expect(grad(f)(1).item()).toBe(Math.sin(1));
      expect(table.forward[0]!.lines.at(-1)!.tangent.text).toBe("dz = dx * sin(x)");
      expect(table.check).toMatchObject({ ok: false });
    } finally {
      (derivative as { jvp: typeof own }).jvp = own;
    }
    expect(traceTable(f, { at: [1] }).check).toMatchObject({ ok: true });
  });
});

describe("hand-worked tables", () => {
  const reverseOf = (text: string, at: readonly number[]): TraceTable => traceText(compileText(text), { at });

  test("a product with itself contributes twice", () => {
    const table = reverseOf("x^2", [3]);
    expect(texts(table.reverse)).toEqual([
      "∂s/∂z = 1",
      "∂s/∂x += ∂s/∂z * x",
      "∂s/∂x += x * ∂s/∂z",
      "∂s/∂x = ∂s/∂z * x + x * ∂s/∂z",
    ]);
    expect(table.gradient["x"]).toBe(6);
  });

  test("a power with a constant exponent has a short rule", () => {
    const table = reverseOf("x^3", [2]);
    expect(table.forward[0]!.lines.at(-1)!.tangent.text).toBe("dz = dx * (3 * x^2)");
    expect(table.stored.map(({ value, at }) => [value, at])).toEqual([["3 * x^2", "z"]]);
    expect(table.gradient["x"]).toBe(12);
  });

  test("exp saves its result", () => {
    const table = reverseOf("exp(-x)", [0]);
    expect(texts(table.reverse)).toEqual(["∂s/∂z = 1", "∂s/∂a = ∂s/∂z * z", "∂s/∂x = -∂s/∂a"]);
    expect(table.stored).toEqual([{ name: "z", value: "z", at: "z", usedBy: [{ from: "z", to: "a" }] }]);
  });

  test("long stored values get a name", () => {
    const table = reverseOf("x^y", [2, 3]);
    expect(table.stored.map(({ name }) => name)).toEqual(["r1", "r2"]);
    expect(texts(table.reverse)).toEqual(["∂s/∂z = 1", "∂s/∂x = ∂s/∂z * r1", "∂s/∂y = ∂s/∂z * r2"]);
    expect(table.gradient["x"]).toBeCloseTo(12, 12);
    expect(table.gradient["y"]).toBeCloseTo(8 * Math.log(2), 12);
  });

  test("a rounding ends the backward pass; an input without effect on the result has adjoint 0", () => {
    const table = reverseOf("x + floor(y)", [1, 2.5]);
    expect(texts(table.reverse)).toEqual(["∂s/∂z = 1", "∂s/∂x = ∂s/∂z", "∂s/∂y = 0"]);
    expect({ ...table.gradient }).toEqual({ x: 1, y: 0 });
    expect({ ...table.affects }).toEqual({ x: ["z"], y: ["a", "z"] });
  });

  test("a statement that the result does not use has no adjoint", () => {
    const table = reverseOf("a = x*x; z = 3*x", [1]);
    expect(texts(table.program)).toEqual(["a = x * x", "z = 3 * x"]);
    expect(texts(table.reverse)).toEqual(["∂s/∂z = 1", "∂s/∂x = 3 * ∂s/∂z"]);
  });

  test("the result may be an input, or a constant", () => {
    expect({ ...reverseOf("x", [7]).gradient }).toEqual({ x: 1 });
    expect(reverseOf("2 * 3", []).value).toBe(6);
    expect(reverseOf("c = 2", []).program.map(({ text }) => text)).toEqual(["c = 2"]);
  });

  test("0 · ∞ does not arise if a derivative is not requested", () => {
    const table = reverseOf("x * y", [0, Infinity]);
    expect(table.forward[1]!.lines.at(-1)!.tangent.value).toBe(0); // not 0 · ∞ + 0 · 1
  });
});

describe("names", () => {
  test("names of the program are not reused", () => {
    const table = traceText(compileText("a*z + s*sin(dx)"), { at: [1, 2, 3, 4] });
    expect(texts(table.program)).toEqual(["b = a * z", "c = sin(dx)", "f = s * c", "w = b + f"]);
    expect(table.forward[0]!.lines.map(({ tangent }) => tangent.name)).toEqual([
      "da",
      "dz",
      "ds",
      "ddx",
      "db",
      "dc",
      "df",
      "dw",
    ]);
    expect(table.reverse[0]!.text).toBe("∂t/∂w = 1"); // s is taken
    expect(new Set(texts(table.reverse)).size).toBe(table.reverse.length);
  });

  test("a differential and a value never have equal names", () => {
    const table = traceText(compileText("x + dx"), { at: [1, 2] });
    expect(table.forward[0]!.lines.map(({ tangent }) => tangent.text)).toEqual([
      "d(x)",
      "ddx",
      "dz = d(x) + ddx",
    ]);
  });

  test("__proto__ and constructor are plain names", () => {
    const table = traceText(compileText("__proto__ * constructor"), { at: [2, 3] });
    const parsed = JSON.parse(JSON.stringify(table)) as TraceTable;
    for (const { gradient, affects } of [table, parsed]) {
      expect(Object.entries(gradient)).toEqual([
        ["__proto__", 3],
        ["constructor", 2],
      ]);
      expect(Object.keys(affects)).toEqual(["__proto__", "constructor"]);
    }
    expect(Object.entries(table.forward[0]!.seed)).toEqual([
      ["__proto__", 1],
      ["constructor", 0],
    ]);
  });
});

describe("functions over arrays and nested parameters", () => {
  interface Params {
    readonly w: Tensor;
    readonly b: Tensor;
  }
  const loss = ({ w, b }: Params, x: Tensor, y: Tensor): Tensor => {
    const e = sub(tanh(add(matmul(x, w), b)), y);
    return mean(mul(e, e));
  };
  const params = { w: tensor([[0.5], [-0.25]]), b: tensor([0.1]) };
  const data = [
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor([[1], [0], [1]]),
  ] as const;
  const table = traceTable(loss, { at: [params, ...data], wrt: ["params"], names: ["params"] });

  test("the gradient equals that of grad", () => {
    const g = grad(loss)(params, ...data);
    expect(Object.keys(table.gradient)).toEqual(["params.w", "params.b"]);
    expect(table.gradient["params.w"]).toEqual(g.w.tolist());
    expect(table.gradient["params.b"]).toEqual(g.b.tolist());
    expect(table.check).toMatchObject({ ok: true });
  });

  test("arrays are shown by type and first elements", () => {
    expect(table.inputs.map(({ name, type, differentiated }) => [name, type, differentiated])).toEqual([
      ["params.w", "f64[2,1]", true],
      ["params.b", "f64[1]", true],
      ["x", "f64[3,2]", false],
      ["y", "f64[3,1]", false],
    ]);
    expect(table.inputs[2]!.value).toEqual({ type: "f64[3,2]", preview: "[1, 2, 3, 4, 5, 6]" });
    expect(table.program[0]).toMatchObject({ text: "a = x @ params.w", type: "f64[3,1]" });
    expect(texts(table.reverse)).toContain("∂s/∂params.w = xᵀ @ ∂s/∂a");
  });

  test("a non-scalar result is differentiated through its sum", () => {
    const square = traceTable((x: Tensor) => mul(x, x), { at: [[1, 2, 3]] });
    expect(square.gradient["x"]).toEqual([2, 4, 6]);
    expect(square.value).toEqual([1, 4, 9]);
    expect(square.check).toMatchObject({ ok: true });
  });

  test("captured tensors are inputs that are not differentiated", () => {
    const k = tensor([2, 3]);
    const captured = traceTable((x: Tensor) => mul(x, k), { at: [[1, 1]] });
    expect(captured.inputs.map(({ name, differentiated }) => [name, differentiated])).toEqual([
      ["c", false],
      ["x", true],
    ]);
    expect(captured.gradient).toEqual({ x: [2, 3] });
  });

  test("a constant broadcast to a shape has no separate line", () => {
    const relu = traceTable((x: Tensor) => where(less(x, 0), 0, x), { at: [[-1, 2]] });
    expect(texts(relu.program)).toEqual(["a = x < 0", "z = where(a, 0, x)"]);
    expect(relu.gradient).toEqual({ x: [0, 1] });
  });

  test("integers have no differential", () => {
    const branches = traceTable((x: Tensor, n: Tensor) => where(less(n, 2), x, mul(x, x)), {
      at: [3, tensor(5, { dtype: "int32" })],
    });
    expect({ ...branches.gradient }).toEqual({ x: 6 });
    expect(branches.check).toMatchObject({ ok: true });
  });
});

test("the lines of a jitted function are visible", () => {
  const f = jit((x: Tensor) => sin(mul(x, x)));
  const table = traceTable((x: Tensor) => exp(f(x)), { at: [1.5] });
  expect(texts(table.program)).toEqual(["a = x * x", "b = sin(a)", "z = exp(b)"]);
  expect(table.gradient["x"]).toBeCloseTo(grad((x: Tensor) => exp(f(x)))(1.5).item(), 14);
});

test("a loop is one line with the lines of its body", () => {
  const f = (w: Tensor, xs: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => [tanh(add(mul(w, c), x)), c], 0.1, xs)[0];
  const table = traceTable(f, { at: [0.7, [1, 2, 3]] });
  expect(table.program).toHaveLength(1);
  expect(table.program[0]!.bodies[0]!.lines.map(({ operation }) => operation)).toEqual([
    "mul",
    "add",
    "tanh",
  ]);
  expect(table.gradient["w"]).toBeCloseTo(grad(f)(0.7, [1, 2, 3]).item(), 14);
  expect(table.check).toMatchObject({ ok: true });
});

test("a program is traced unchanged", () => {
  const program = makeProgram((x: Tensor, y: Tensor) => mul(x, cos(y)))(1, 2);
  const table = traceTable(program, { at: [1, 2] });
  expect(texts(table.program)).toEqual(["a = cos(y)", "z = x * a"]);
  expect({ ...table.gradient }).toEqual({ x: Math.cos(2), y: -Math.sin(2) });
});

describe("the check", () => {
  const checkOf = (text: string, x: number): TraceTable["check"] =>
    traceText(compileText(text), { at: [x] }).check;

  test.each([
    ["sqrt(x)", 1e-8],
    ["1e9*x + x^2", 3],
    ["sin(1000*x)", 0.3],
    ["x^3", 0],
    ["log(x)", 1e-12],
    ["exp(x)", 50],
  ])("%s at %d passes", (text, x) => expect(checkOf(text, x)).toMatchObject({ ok: true }));

  test.each([
    ["abs(x)", 0],
    ["1/x", 0],
  ])("%s at %d is reported as a kink", (text, x) => {
    const { ok, entries } = checkOf(text, x)!;
    expect([ok, entries[0]!.of]).toEqual([text === "abs(x)", "x"]);
  });
});

test("invalid arguments are reported", () => {
  const f = (x: Tensor): Tensor => floor(x);
  expect(() => traceTable(f, { att: [1] } as object)).toThrow(/unknown option "att"/);
  expect(() => traceTable(f, { at: [1], wrt: ["y"] })).toThrow(/wrt names "y", which is not an input/);
  expect(() => traceTable(f, { at: [1], seeds: [[1, 2]] })).toThrow(
    /a seed has 2 differentials for 1 inputs/,
  );
  expect(() => traceTable(5 as never)).toThrow(/expects a function or a program, got number/);
});

const unary = fc.constantFrom(
  "sin",
  "cos",
  "exp",
  "tanh",
  "sigmoid",
  "softplus",
  "atan",
  "erf",
  "sqrt",
  "log",
  "cbrt",
  "relu",
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("x", "y", "1.5", "2"),
    fc
      .tuple(tie("expression"), fc.constantFrom("+", "-", "*", "/", "^"), tie("expression"))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(unary, tie("expression")).map(([f, a]) => `${f}(${a})`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `max(${a}, ${b})`),
  ),
}));

/** Gradient as the sum, over all paths, of the products of local derivatives, computed from the last line back. */
function overPaths({ program, outputs, inputs }: TraceTable): number[] {
  const adjoints = new Map([[outputs[0]!, 1]]);
  for (const { name, local } of program.toReversed()) {
    const adjoint = adjoints.get(name) ?? 0;
    if (adjoint === 0) continue; // what was not chosen has no part in a derivative
    for (const { of, value } of local)
      adjoints.set(of, (adjoints.get(of) ?? 0) + adjoint * (value as number));
  }
  return inputs.map(({ name }) => adjoints.get(name) ?? 0);
}

test("each line has its derivative in each operand", () => {
  const local = (table: TraceTable): (readonly unknown[])[] =>
    table.program.flatMap(({ name, local: entries }) =>
      entries.map(({ of, expression, value }) => [name, of, expression, value]),
    );
  expect(local(notes)).toEqual([
    ["a", "x", "y", 3],
    ["a", "y", "x", 2],
    ["b", "x", "cos(x)", Math.cos(2)],
    ["z", "a", "1", 1],
    ["z", "b", "1", 1],
  ]);
  expect(local(traceText(compileText("a = x*x; z = exp(a) - a/2")))).toEqual([
    ["a", "x", "x + x", null],
    ["b", "a", "b", null],
    ["c", "a", "0.5", null],
    ["z", "b", "1", null],
    ["z", "c", "-1", null],
  ]);
  const at = [[[1, 2]], [[3], [4]]];
  const arrays = traceTable((x: Tensor, w: Tensor) => add(sin(matmul(x, w)), 1), { at, names: ["x", "w"] });
  expect(local(arrays)).toEqual([
    ["a", "x", "dx @ w", null],
    ["a", "w", "x @ dw", null],
    ["b", "a", "da * cos(a)", null],
    ["z", "b", "1", null],
  ]);
});

test("for generated expressions the trace agrees with grad and with central differences", () => {
  fc.assert(
    fc.property(expression, (text) => {
      const compiled = compileText(`x*0 + y*0 + ${text}`);
      const f = (x: Tensor, y: Tensor): Tensor => compiled.evaluate([x, y]);
      const table = traceText(compiled, { at: [0.7, 1.3] });
      const [dx, dy] = grad(f, { argnums: [0, 1] })(0.7, 1.3);
      expect(table.gradient["x"]).toBe(dx.item());
      expect(table.gradient["y"]).toBe(dy.item());
      const forward = table.forward.map(({ lines }) => lines.at(-1)!.tangent.value as number);
      for (const [i, g] of [dx.item(), dy.item()].entries()) {
        if (Number.isFinite(g))
          expect(Math.abs(forward[i]! - g)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(g)));
      }
      for (const [i, g] of overPaths(table).entries()) {
        const exact = [dx, dy][i]!.item();
        if (Number.isFinite(exact))
          expect(Math.abs(g - exact), text).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(exact)));
      }
      const isTame = [table.value, dx.item(), dy.item()].every(
        (v) => typeof v === "number" && Math.abs(v) < 1e6,
      );
      if (isTame && !/max|relu/.test(text)) expect(table.check!.ok).toBe(true);
    }),
    { numRuns: extent(50, 1000, 150), seed: 20 },
  );
});

test("the differential of an input is shown as its seed, and as ? without a value", () => {
  const seeds = ({ forward }: TraceTable): string[] =>
    forward[0]!.lines.map(({ tangent }) => tangent.expression);
  const text = compileText("x*y");
  expect(seeds(traceText(text, { at: [2, 3], seeds: [[0.5, -1]] }))).toEqual([
    "0.5",
    "-1",
    "dx * y + x * dy",
  ]);
  expect(seeds(traceText(text))).toEqual(["?", "?", "dx * y + x * dy"]);
});
