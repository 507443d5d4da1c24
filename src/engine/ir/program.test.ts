import { describe, expect, test } from "vitest";
import type { Equation, Primitive, Program, Tensor, Var } from "downhill";
import {
  add,
  bind1,
  checkProgram,
  definePrimitive,
  grad,
  hashProgram,
  jit,
  makeProgram,
  matmul,
  printProgram,
  scan,
  sin,
  softmax,
  sum,
  tanh,
  tensor,
  vmap,
} from "downhill";
import { arrayType } from "./types.ts";

describe("definePrimitive", () => {
  const half: Primitive<object> = {
    name: "half",
    typeOf: ([x]) => [x!],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => x! },
  };
  const derivativeKinds = "linear, smooth, constant, structured, none";

  test.each<[string, object, string]>([
    ["no name", { ...half, name: "" }, "a primitive: name must be a text."],
    [
      "no type rule",
      { ...half, typeOf: undefined },
      "half: typeOf must be a function (types, params) => types.",
    ],
    [
      "no lowering, once an internal error at the first use",
      { ...half, lowering: undefined },
      "half: lowering must be a record whose kind is elementwise, map, alias, loops, host.",
    ],
    [
      "an unknown kind of derivative",
      { ...half, derivative: { kind: "smoth" } },
      `half: derivative must be a record whose kind is ${derivativeKinds}; got "smoth".`,
    ],
    [
      "null",
      { ...half, derivative: null },
      `half: derivative must be a record whose kind is ${derivativeKinds}.`,
    ],
    [
      "a kind without its rule",
      { ...half, derivative: { kind: "linear", operands: "all" } },
      "half: derivative.transpose must be a function, for the kind linear.",
    ],
    [
      "loops without code",
      { ...half, lowering: { kind: "loops" } },
      "half: lowering.emit must be a function, for the kind loops.",
    ],
    ["no batching", { ...half, batch: "yes" }, 'half: batch must be "elementwise" or a function.'],
  ])("names the field of a record with %s", (__, record, message) => {
    expect(() => definePrimitive(record as Primitive)).toThrow(`definePrimitive: ${message}`);
  });

  test("operands that are not tensors are named, eagerly and inside a transform", () => {
    const sine = definePrimitive<object>({ ...half, name: "sine" });
    const message =
      /^sine: operands of a primitive must be tensors, and operand \d is of type (number|undefined|null)\. Make one with tensor\(…\)\.$/;
    for (const operands of [[2], [undefined], [null], [tensor(1), undefined]])
      expect(() => bind1(sine, operands as never, {})).toThrow(message);
    expect(() => grad((x: Tensor) => x.mul(bind1(sine, [2 as never], {})))(1)).toThrow(message);
    expect(() => jit((x: Tensor) => x.mul(bind1(sine, [2 as never], {})))(1)).toThrow(message);
    expect(() => bind1(sine, 2 as never, {})).toThrow(
      "sine: operands must be an array of tensors, got number.",
    );
  });
});

const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(sin(x));

describe("printProgram", () => {
  test("shows parameters by name, types, and sub-programs below the equation that holds them", () => {
    expect(printProgram(makeProgram(f)(2, 3))).toMatchInlineSnapshot(`
      "f(x:f64[], y:f64[]) {
        a:f64[] = mul x y
        b:f64[] = sin x
        c:f64[] = add a b
        return c
      }"
    `);
    const layer = (p: { w: Tensor; b: Tensor }, x: Tensor): Tensor => tanh(matmul(x, p.w).add(p.b));
    const w = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "float32" },
    );
    expect(printProgram(makeProgram(layer)({ w, b: tensor([0, 0], { dtype: "float32" }) }, w)))
      .toMatchInlineSnapshot(`
      "layer(p.w:f32[2,2], p.b:f32[2], x:f32[2,2]) {
        a:f32[2,2] = dotGeneral[contract=[[1],[0]] batch=[[],[]]] x p.w
        b:f32[2,2] = broadcast[shape=[2,2] axes=[1]] p.b
        c:f32[2,2] = add a b
        d:f32[2,2] = tanh c
        return d
      }"
    `);
    const loop = (c: Tensor, xs: Tensor): Tensor =>
      scan((carry: Tensor, x: Tensor) => [carry.mul(x), carry], c, xs)[1];
    expect(printProgram(makeProgram(loop)(1, [1, 2, 3]))).toMatchInlineSnapshot(`
      "loop(c:f64[], xs:f64[3]) {
        a:f64[] b:f64[3] = scan[body=step consts=0 carries=1 length=3 reverse=false] c xs
          step(a:f64[], b:f64[]) {
            c:f64[] = mul a b
            return c, a
          }
        return b
      }"
    `);
    expect(printProgram(makeProgram((x: Tensor) => jit(f)(x, 2))(1))).toMatchInlineSnapshot(`
      "f(x:f64[]) {
        a:f64[] = full[value=2 dtype=float64 shape=[] weak=true]
        b:f64[] = call[program=f] x a
          f(a:f64[], b:f64[]) {
            c:f64[] = mul a b
            d:f64[] = sin a
            e:f64[] = add c d
            return e
          }
        return b
      }"
    `);
  });

  test("names more than 26 values, each uniquely", () => {
    const chain = (a: Tensor): Tensor => Array.from({ length: 30 }).reduce<Tensor>((x) => x.neg(), a);
    const lines = printProgram(makeProgram(chain)(1)).split("\n");
    expect(lines.at(-2)).toMatchInlineSnapshot(`"  return ae"`);
    const names = lines.slice(1, -2).map((line) => line.trim().split(":")[0]);
    expect(new Set(names).size).toBe(30);
  });

  test("distinguishes −0 from 0", () => {
    expect(printProgram(makeProgram((x: Tensor) => x.mul(-0))(1))).toContain("value=-0 ");
  });

  test("a float32 training step of a network contains no float64", () => {
    const f32 = (shape: readonly number[]): Tensor =>
      tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
    const loss = (p: { w1: Tensor; b1: Tensor; w2: Tensor }, x: Tensor, labels: Tensor): Tensor => {
      const hidden = tanh(matmul(x, p.w1).mul(0.5).add(p.b1).add(1e-3));
      return softmax(matmul(hidden, p.w2)).add(1e-8).log().mul(labels).sum().div(-4);
    };
    const step = (
      p: { w1: Tensor; b1: Tensor; w2: Tensor },
      x: Tensor,
      labels: Tensor,
      rate: Tensor,
    ): object => {
      const g = grad(loss)(p, x, labels);
      return { w1: p.w1.sub(g.w1.mul(rate)), b1: p.b1.sub(g.b1.mul(rate)), w2: p.w2.sub(g.w2.mul(0.1)) };
    };
    const program = makeProgram(step)(
      { w1: f32([3, 5]), b1: f32([5]), w2: f32([5, 2]) },
      f32([4, 3]),
      f32([4, 2]),
      0.1,
    );
    const wide = program.eqns
      .flatMap((eqn) => eqn.outs)
      .filter((v) => v.type.dtype === "float64" && v.type.shape.length > 0);
    expect(wide).toEqual([]);
    // no float64 scalar either, except the rate, which was given as a number, and its conversion
    const scalars = printProgram(program)
      .split("\n")
      .filter((line) => line.includes(":f64["));
    expect(scalars).toEqual([expect.stringContaining("rate:f64[]")]);
  });
});

describe("checkProgram", () => {
  const type = arrayType("float64", []);
  const variable = (): Var => ({ type });
  const { prim, params } = makeProgram(add)(1, 2).eqns[0]!;
  const [x, y, z] = [variable(), variable(), variable()] as const;
  const addition: Equation = { prim, params, ins: [x, y], outs: [z] };
  const good: Program = { name: "f", ins: [x, y], eqns: [addition], outs: [z] };

  test("accepts well-formed programs", () => {
    checkProgram(good);
    checkProgram(makeProgram(grad(f))(2, 3));
    checkProgram(makeProgram(vmap(grad(jit(f))))([2], [3]));
  });

  test.each<[string, Program]>([
    ["a value that is used before its definition", { ...good, ins: [x] }],
    ["a value that is defined twice", { ...good, eqns: [addition, addition] }],
    ["a duplicate input", { ...good, ins: [x, y, x] }],
    ["an output that is not defined", { ...good, outs: [variable()] }],
    [
      "a result whose type differs from the type rule",
      { ...good, eqns: [{ ...addition, outs: [{ type: arrayType("float32", []) }] }] },
    ],
    ["a wrong number of results", { ...good, eqns: [{ ...addition, outs: [z, variable()] }] }],
  ])("rejects %s, and prints the program", (_, program) => {
    expect(() => checkProgram(program)).toThrow(/^internal: .*\nf\(/s);
  });

  test("looks into sub-programs", () => {
    const program = makeProgram(
      (c: Tensor, xs: Tensor) => scan((a: Tensor, b: Tensor) => [a.add(b), null], c, xs)[0],
    )(1, [1, 2]);
    const eqn = program.eqns[0]!;
    const { body } = eqn.params as { body: Program };
    const broken = {
      ...program,
      eqns: [{ ...eqn, params: { ...(eqn.params as object), body: { ...body, eqns: [] } } }],
    };
    expect(() => checkProgram(broken)).toThrow("an output is not defined");
  });
});

describe("hashProgram", () => {
  const hash = (traced: (...xs: Tensor[]) => unknown, ...args: readonly Tensor[]): string =>
    hashProgram(makeProgram(traced)(...args));
  const [a, b] = [tensor([1, 2]), tensor([3, 4])];

  test("is equal for equal structure, independent of names and source locations", () => {
    const one = hash((x, y) => x.mul(y).add(sin(x)), a, b);
    const other = hash(
      function named(left, right) {
        const product = left.mul(right);
        return product.add(sin(left));
      },
      b,
      a,
    );
    expect(other).toBe(one);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
  });

  test("differs for another operation, parameter, operand, type, result or order", () => {
    const hashes = [
      hash((x, y) => x.mul(y), a, b),
      hash((x, y) => x.add(y), a, b),
      hash((x) => x.mul(x), a, b),
      hash((_, y) => y.mul(y), a, b),
      hash((x, y) => y.mul(x), a, b),
      hash((x, y) => x.mul(y), tensor(1), tensor(2)),
      hash((x, y) => x.mul(y), tensor([1, 2], { dtype: "float32" }), tensor([1, 2], { dtype: "float32" })),
      hash((x, y) => [x.mul(y), x], a, b),
      hash((x, y) => [x, x.mul(y)], a, b),
      hash((x) => x.mul(2), a, b),
      hash((x) => x.mul(3), a, b),
      hash((x) => x.mul(0), a, b),
      hash((x) => x.mul(-0), a, b),
      hash((x) => x.mul(NaN), a, b),
      hash((x) => x.sum(), a, b),
      hash((x) => x.reshape([1, 2]), a, b),
      hash((x) => x.reshape([2, 1]), a, b),
      hash((x) => scan((c: Tensor, e: Tensor) => [c.add(e), null], 0, x)[0], a, b),
      hash((x) => scan((c: Tensor, e: Tensor) => [c.mul(e), null], 0, x)[0], a, b),
      hash((x) => scan((c: Tensor, e: Tensor) => [c.mul(e), null], 0, x, { reverse: true })[0], a, b),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("distinguishes weak from strong", () => {
    const typed = (weak: boolean): string => {
      const v: Var = { type: arrayType("float64", [], weak) };
      return hashProgram({ name: "f", ins: [v], eqns: [], outs: [v] });
    };
    expect(typed(true)).not.toBe(typed(false));
  });

  test("does not depend on sources and names", () => {
    const program = makeProgram(f)(2, 3);
    const bare: Program = {
      ...program,
      name: "other",
      eqns: program.eqns.map(({ prim, params, ins, outs }) => ({ prim, params, ins, outs })),
    };
    expect(program.eqns[0]!.source).toBeDefined();
    expect(hashProgram(bare)).toBe(hashProgram(program));
  });
});

describe("sources", () => {
  test("report the line of user code, also for equations added by transforms", () => {
    const program = makeProgram(grad((x: Tensor) => sum(sin(x))))([1, 2]);
    for (const eqn of program.eqns) expect(eqn.source?.describe()).toContain("program.test.ts");
  });
});
