import { describe, expect, test } from "vitest";
import * as k from "../../../../kernel/build.ts";
import { checkRoutine } from "../../../../kernel/check.ts";
import type { Backend, KernelValue, TypedArray } from "../../../../kernel/executable.ts";
import { makeArray } from "../../../../kernel/executable.ts";
import * as math from "../../../../kernel/math/index.ts";
import { exp32 } from "../../../../kernel/math/single/index.ts";
import { printRoutine } from "../../../../kernel/print.ts";
import type {
  BinaryOp,
  Buffer,
  Expr,
  Routine,
  ScalarType,
  Stmt,
  UnaryOp,
} from "../../../../kernel/scalar.ts";
import { layOutAtCall } from "../../../../kernel/sizes.ts";
import { lengthOf } from "../../../../../../test/support/buffer-length.ts";
import {
  binaryOperations,
  binaryType,
  hasBinary,
  hasUnary,
  unaryOperations,
  unaryType,
} from "../../../../kernel/operations.ts";
import { interpBackend } from "../../../interp/index.ts";
import { makeWasmBackend, wasmBackend } from "../../index.ts";
import { moduleText } from "../../encode/text.ts";
import { extent } from "../../../../../../test/support/extent.ts";

const textOf = (routine: Routine): string => moduleText(wasmBackend.moduleOf!(routine));

const types: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];
const otherBackends = [
  makeWasmBackend({ peepholes: { loadedConstants: true } }),
  makeWasmBackend({ simd: false }),
];
let routines = 0;
/**
 * Backends to compare with the interpreter: the default and all others, in the quick extent one of the others in turn.
 */
const nextBackends = (): readonly Backend[] => {
  const place = routines++;
  return [wasmBackend, ...otherBackends.filter((_, i) => extent(0, 1) === 1 || i === place % 2)];
};

const hard = [
  NaN,
  0,
  -0,
  1,
  -1,
  0.5,
  -1.5,
  2.5,
  -2.5,
  0.1,
  1 / 3,
  7,
  -7,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  1.7e308,
  -1.7e308,
  2.2250738585072014e-308,
  2 ** 31,
  -(2 ** 31),
  2 ** 31 - 1,
  2 ** 32,
  2 ** 32 - 1,
  4503599627370495.5,
  2 ** 53,
  1e300,
  1e22,
  1e-40,
  3.4e38,
  31,
  32,
  33,
  20,
  -40,
  710,
  1000,
];

let state = 12345;
function random(): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) / 2 ** 24;
}

/** `n` numbers of a type: difficult and random ones, in an order that depends on `start`. */
function numbers(type: ScalarType, n: number, start: number): TypedArray {
  const array = makeArray(type, n);
  for (let i = 0; i < n; i++) {
    const at = (i * 7 + start * 5) % (2 * hard.length);
    const x = at < hard.length ? hard[at]! : (random() - 0.5) * 2 ** Math.floor(random() * 80 - 40);
    if (type === "bool") array[i] = x > 0.3 ? 1 : 0;
    else if (type === "f64" || type === "f32") array[i] = x;
    else array[i] = Number.isFinite(x) && Math.abs(x) > 1e-3 ? Math.trunc(x * (at % 3 === 0 ? 1 : 97)) : i;
  }
  return array;
}

/** Runs a routine on such arrays and returns all its outputs. */
function outcome(backend: Backend, routine: Routine): number[] {
  state = 99;
  const compiled = backend.compile(routine);
  const inputs = routine.inputs.map((port, n): KernelValue =>
    port.kind === "scalar"
      ? numbers(port.type, 1, n + 3)[0]!
      : { array: numbers(port.buffer.type, lengthOf(port.buffer) + 1, n), offset: 1 },
  );
  const outputs = routine.outputs.map((port): KernelValue =>
    port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, lengthOf(port.buffer)), offset: 0 },
  );
  compiled(inputs, outputs);
  compiled.release?.();
  return outputs.flatMap((slot) => (typeof slot === "number" ? [slot] : [...slot.array]));
}

/** Checks that WebAssembly and the interpreter have the same outputs. */
function expectAgreement(routine: Routine): void {
  checkRoutine(routine);
  const expected = outcome(interpBackend, routine);
  for (const backend of nextBackends()) {
    const got = outcome(backend, routine);
    const place = got.findIndex((x, i) => !Object.is(x, expected[i]));
    if (place < 0 && got.length === expected.length) continue;
    throw new Error(`${got[place]} instead of ${expected[place]} at ${place}\n${printRoutine(routine)}`);
  }
}

interface Made {
  readonly ins: readonly (readonly [name: string, type: ScalarType, size?: number])[];
  readonly outs: readonly (readonly [name: string, type: ScalarType, size?: number])[];
  readonly temps?: readonly (readonly [name: string, type: ScalarType, size?: number])[];
  readonly scalars?: readonly (readonly [name: string, type: ScalarType])[];
  readonly results?: readonly Expr[];
  readonly n: number;
}

function routineOf(made: Made, fill: (block: k.Block) => void): Routine {
  const block = k.makeBlock();
  fill(block);
  const buffer = ([name, type, size = made.n]: Made["ins"][number]): Buffer => ({ name, type, size });
  return {
    name: "test",
    inputs: [
      ...made.ins.map((one) => ({ kind: "buffer", buffer: buffer(one) }) as const),
      ...(made.scalars ?? []).map(([name, type]) => ({ kind: "scalar", name, type }) as const),
    ],
    outputs: [
      ...made.outs.map((one) => ({ kind: "buffer", buffer: buffer(one) }) as const),
      ...(made.results ?? []).map((value) => ({ kind: "scalar", value }) as const),
    ],
    ...layOutAtCall((made.temps ?? []).map(buffer)),
    body: block.statements,
  };
}

/** Routine `out[i] = f(a[i], b[i])` for `n` elements. */
function elementwise(type: ScalarType, out: ScalarType, n: number, f: (x: Expr, y: Expr) => Expr): Routine {
  const made: Made = {
    ins: [
      ["a", type],
      ["b", type],
    ],
    outs: [["out", out]],
    n,
  };
  return routineOf(made, (block) =>
    block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
      const x = loop.let("x", k.load(type, "a", i));
      const y = loop.let("y", k.load(type, "b", i));
      loop.store("out", i, f(x, y));
    }),
  );
}

const unaryOps = Object.keys(unaryOperations) as UnaryOp[];
const binaryOps = Object.keys(binaryOperations) as BinaryOp[];

/** Replaces NaN operands of operations that expose bits, because the bits of a NaN are unspecified. */
function withoutNaN(op: string, type: ScalarType, x: Expr): Expr {
  return /Word|bitsOf/.test(op) && op !== "fromWords" ? k.select(k.eq(x, x), x, k.constant(type, 1)) : x;
}

describe("an operation on lanes has the bits of the interpreter", () => {
  const n = 93;
  for (const op of unaryOps) {
    test.each(types.filter((type) => hasUnary(op, type)))(`${op} of %s`, (type) => {
      const out = unaryType(op, type);
      expectAgreement(elementwise(type, out, n, (x) => k.unary(op, withoutNaN(op, type, x))));
      // combined with float64, for which integers use wide lanes
      const wide = elementwise(type, "f64", n, (x) =>
        k.add(k.convert("f64", k.unary(op, withoutNaN(op, type, x))), k.f64(0.5)),
      );
      expectAgreement(wide);
    });
  }
  for (const op of binaryOps) {
    test.each(types.filter((type) => hasBinary(op, type)))(`${op} of %s`, (type) => {
      const out = binaryType(op, type);
      expectAgreement(elementwise(type, out, n, (x, y) => k.binary(op, x, y)));
      expectAgreement(
        elementwise(type, "f64", n, (x, y) => k.add(k.convert("f64", k.binary(op, x, y)), k.f64(0.5))),
      );
      for (const value of type === "f64" || type === "f32" ? [0, -0, 2.5, NaN] : [0, 1]) {
        const constant = k.constant(type, value);
        expectAgreement(elementwise(type, out, n, (x) => k.binary(op, x, constant)));
        expectAgreement(elementwise(type, out, n, (_, y) => k.binary(op, constant, y)));
      }
    });
  }
  for (const from of types) {
    test.each(types)(`conversion from ${from} to %s`, (to) => {
      expectAgreement(elementwise(from, to, n, (x) => k.convert(to, x)));
      expectAgreement(
        elementwise(from, "f64", n, (x, y) =>
          k.select(k.lt(x, y), k.convert("f64", k.convert(to, x)), k.f64(1)),
        ),
      );
      expectAgreement(
        elementwise(from, to, n, (x, y) => k.select(k.lt(x, y), k.convert(to, x), k.convert(to, y))),
      );
    });
  }
  test.each(["f64", "f32"] as const)("multiply-add of %s", (type) => {
    expectAgreement(elementwise(type, type, n, (x, y) => k.mulAdd(x, y, k.mulAdd(y, y, x))));
  });
});

test.each(Object.entries(math))("procedure %s in lanes has the bits of the interpreter", (_, procedure) => {
  const call = (x: Expr, y: Expr): Expr =>
    k.call(procedure, ...(procedure.params.length === 2 ? [x, y] : [x]));
  for (const n of [3, 160]) {
    expectAgreement(elementwise("f64", "f64", n, call));
    expectAgreement(
      elementwise("f32", "f32", n, (x, y) =>
        k.convert("f32", call(k.convert("f64", x), k.convert("f64", y))),
      ),
    );
    // conditional, twice, and dependent on each other
    expectAgreement(
      elementwise("f64", "f64", n, (x, y) =>
        k.select(k.lt(x, y), call(call(x, y), x), k.add(call(y, x), k.f64(1))),
      ),
    );
  }
});

describe("loops", () => {
  test.each([0, 1, 3, 4, 7, 8, 9, 16, 31])("of %d iterations", (n) => {
    for (const type of types) {
      expectAgreement(elementwise(type, type, n, (x, y) => k.select(k.lt(x, y), x, y)));
    }
  });

  test("long loops become functions that run a range of iterations", () => {
    const n = 70_001;
    expectAgreement(elementwise("f32", "f32", n, (x, y) => k.mul(k.add(x, y), x)));
    expectAgreement(elementwise("f64", "bool", n, (x, y) => k.lt(k.mul(k.add(x, y), x), y)));
  });

  test("long loops with carried values run a range of iterations per call: upwards, downwards, and with a computed length", () => {
    const n = 30_000;
    const made: Made = {
      ins: [["a", "f64"]],
      outs: [["out", "f64"]],
      scalars: [["m", "i32"]],
      results: [k.local("f64", "s"), k.local("i32", "steps"), k.local("bool", "flag"), k.local("f32", "r")],
      n,
    };
    const routine = routineOf(made, (block) => {
      const s = block.let("s", k.f64(1));
      const r = block.let("r", k.constant("f32", 0.5));
      const flag = block.let("flag", k.bool(false));
      const c = block.let("c", k.convert("f64", k.local("i32", "m")));
      block.for("i", k.i32(0), k.i32(n), (loop, i) => {
        const old = loop.let("old", s);
        loop.set(s, k.add(k.mul(old, k.f64(0.5)), k.min(k.f64(1), k.max(c, k.load("f64", "a", i)))));
        loop.store("out", i, s);
        loop.set(flag, k.lt(old, s));
      });
      block.for(
        "j",
        k.i32(3),
        k.i32(n),
        (loop, j) => {
          loop.set(r, k.add(k.mul(r, k.f32(0.75)), k.convert("f32", k.load("f64", "out", j))));
          loop.store("out", j, k.add(k.load("f64", "out", k.sub(j, k.i32(3))), k.convert("f64", r)));
        },
        true,
      );
      const steps = block.let("steps", k.i32(0));
      const left = block.let("left", k.i32(n));
      block.while(k.lt(k.i32(0), left), (loop) => {
        loop.set(left, k.sub(left, k.i32(1)));
        loop.if(k.lt(k.load("f64", "out", left), s), (then) => then.set(steps, k.add(steps, left)));
        loop.for("inner", k.i32(0), k.and(left, k.i32(3)), (inner, i) =>
          inner.set(s, k.add(s, k.convert("f64", i))),
        );
      });
    });
    expectAgreement(routine);
    expect(textOf(routine).match(/\(func \$steps/g)).toHaveLength(3);
  });

  test("several results, in-place changes, strides, gathers, values from outside the loop and of the index", () => {
    const n = 45;
    const made: Made = {
      ins: [
        ["a", "f64"],
        ["at", "i32"],
      ],
      outs: [
        ["p", "f64"],
        ["q", "f32"],
        ["r", "i32"],
        ["s", "bool"],
        ["t", "f64", 3 * n],
      ],
      scalars: [
        ["c", "f64"],
        ["m", "i32"],
      ],
      n,
    };
    const routine = routineOf(made, (block) => {
      const c = k.local("f64", "c");
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const x = loop.let("x", k.load("f64", "a", i));
        const reversed = loop.let("reversed", k.sub(k.i32(n - 1), i));
        const place = loop.let("place", k.binary("rem", k.add(k.mul(i, k.i32(5)), k.i32(2)), k.i32(n)));
        const y = loop.let("y", k.load("f64", "a", place));
        const chosen = loop.let("chosen", k.binary("rem", k.load("i32", "at", i), k.i32(n)));
        const z = loop.let("z", k.load("f64", "a", k.abs(chosen)));
        loop.store("p", i, k.add(k.mul(x, c), k.load("f64", "a", reversed)));
        loop.store("p", i, k.add(k.load("f64", "p", i), z));
        loop.store("q", reversed, k.convert("f32", k.add(y, k.load("f64", "a", k.i32(3)))));
        loop.store("r", i, k.xor(k.add(k.mul(i, k.i32(3)), k.local("i32", "m")), k.convert("i32", x)));
        loop.store("s", i, k.lt(i, k.and(k.convert("i32", y), k.i32(31))));
        for (let j = 0; j < 3; j++) loop.store("t", k.add(k.mul(i, k.i32(3)), k.i32(j)), k.mul(x, k.f64(j)));
      });
    });
    expectAgreement(routine);
  });

  test.each([4, 12, 21, 45])(
    "every second element of %i, read up to the last element, and written alone or with those between",
    (n) => {
      for (const type of types) {
        const made: Made = {
          ins: [["a", type, 2 * n - 1]],
          outs: [
            ["pairs", type, 2 * n],
            ["even", type, 2 * n],
            ["apart", type, 4 * n],
            ["late", type, 2 * n],
            ["total", "f64", 1],
          ],
          n,
        };
        const routine = routineOf(made, (block) => {
          const twice = (i: Expr, more = 0): Expr => k.add(k.mul(i, k.i32(2)), k.i32(more));
          block.forEach("j", k.i32(0), k.i32(2 * n), (loop, j) => {
            loop.store("even", j, k.constant(type, 1));
            for (const more of [0, 2 * n]) loop.store("apart", k.add(j, k.i32(more)), k.constant(type, 0));
          });
          block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
            const at = loop.let("at", k.mul(i, k.i32(2)));
            const x = loop.let("x", k.load(type, "a", at));
            const y = loop.let("y", k.load(type, "a", k.max(k.sub(at, k.i32(1)), k.i32(0))));
            loop.store("pairs", at, x);
            loop.store("pairs", k.add(at, k.i32(1)), y);
            loop.store("even", at, y);
            loop.store("apart", at, x);
            loop.store("apart", k.add(at, k.i32(2 * n)), y);
            loop.store("late", at, x);
            loop.store("late", k.add(at, k.i32(1)), k.load(type, "late", at));
          });
          block.reduce("sum", "add", k.f64(0), "r", k.i32(0), k.i32(n), (_, r) =>
            k.convert("f64", k.load(type, "a", twice(r))),
          );
          block.store("total", k.i32(0), k.local("f64", "sum"));
        });
        expectAgreement(routine);
      }
    },
  );

  test("branches taken by some lanes or all, with loads and stores for some lanes only", () => {
    const n = 61;
    const made: Made = {
      ins: [["a", "f64"]],
      outs: [
        ["out", "f64"],
        ["more", "i32"],
      ],
      n,
    };
    const routine = routineOf(made, (block) => {
      block.forEach("i0", k.i32(0), k.i32(n), (loop, i) => loop.store("out", i, k.f64(7)));
      block.forEach("i1", k.i32(0), k.i32(n), (loop, i) => loop.store("more", i, k.i32(7)));
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const x = loop.let("x", k.load("f64", "a", i));
        const y = loop.let("y", k.f64(1));
        const steps = loop.let("steps", k.i32(0));
        // outside the array for the first and last elements
        const isInside = loop.let("isInside", k.and(k.le(k.i32(2), i), k.lt(i, k.i32(n - 2))));
        const left = k.select(isInside, k.load("f64", "a", k.sub(i, k.i32(2))), k.f64(0.25));
        loop.set(y, k.add(y, left));
        loop.if(
          k.lt(x, k.f64(0)),
          (then) => {
            then.set(y, k.neg(k.call(math.exp64, x)));
            then.if(k.lt(k.f64(-2), x), (inner) => inner.set(y, k.sub(y, k.f64(3))));
          },
          (otherwise) => {
            const s = otherwise.let("s", k.min(x, k.f64(100)));
            otherwise.while(k.lt(k.f64(2), s), (inner) => {
              inner.set(s, k.mul(s, k.f64(0.5)));
              inner.set(steps, k.add(steps, k.i32(1)));
            });
            otherwise.set(y, k.add(y, s));
            otherwise.if(isInside, (inside) =>
              inside.store("out", k.add(i, k.i32(2)), k.load("f64", "a", k.add(i, k.i32(2)))),
            );
          },
        );
        loop.if(k.lt(y, k.f64(1)), (then) => then.store("more", i, steps));
      });
    });
    expectAgreement(routine);
  });

  test("loop-invariant values are computed once, before the loop", () => {
    const n = 40;
    const made: Made = {
      ins: [
        ["a", "f64"],
        ["b", "f64"],
      ],
      outs: [["out", "f64"]],
      scalars: [["c", "f64"]],
      n,
    };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const first = loop.let("first", k.load("f64", "b", k.i32(2)));
        const wave = loop.let("wave", k.call(math.exp64, k.mul(first, k.local("f64", "c"))));
        const x = loop.let("x", k.load("f64", "a", i));
        loop.if(
          k.lt(x, wave),
          (then) => {
            const other = then.let("other", k.load("f64", "b", k.i32(3)));
            then.store("out", i, k.mul(x, other));
          },
          (otherwise) => otherwise.store("out", i, k.add(x, wave)),
        );
      }),
    );
    expectAgreement(routine);
    const text = textOf(routine);
    expect(text.slice(0, text.indexOf("loop $")).match(/call \$exp/g)).toHaveLength(1);
  });

  test("loop-invariant values of two calls of one procedure are not confused", () => {
    const n = 40;
    const made: Made = {
      ins: [["a", "f64"]],
      outs: [["out", "f64"]],
      scalars: [["c", "f64"]],
      n,
    };
    const power = (x: Expr, exponent: Expr): Expr => k.call(math.pow64, x, exponent);
    expectAgreement(
      routineOf(made, (block) =>
        block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
          const x = loop.let("x", k.abs(k.load("f64", "a", i)));
          const c = k.local("f64", "c");
          const [one, two] = [loop.let("one", power(x, c)), loop.let("two", power(x, k.sub(c, k.f64(1))))];
          loop.store("out", i, k.div(one, two));
        }),
      ),
    );
  });

  test("stores are delayed, so that an iteration with a rare case can be repeated", () => {
    const n = 40;
    const made: Made = {
      ins: [["a", "f64"]],
      outs: [
        ["twice", "f64"],
        ["sine", "f64"],
      ],
      n,
    };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const x = loop.let("x", k.load("f64", "a", i));
        loop.store("twice", i, k.mul(x, k.f64(2)));
        loop.store("sine", i, k.call(math.sin64, x));
      }),
    );
    expectAgreement(routine);
    expect(textOf(routine)).not.toContain("call $hardSin.x4"); // V8 cannot widen code that contains such a call
  });

  test("a store that one branch of a choice reads is made before the choice", () => {
    const n = 19;
    const made: Made = { ins: [["a", "f64"]], outs: [["out", "f64"]], n };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const x = loop.let("x", k.load("f64", "a", i));
        loop.store("out", i, k.neg(x));
        const y = loop.let("y", k.select(k.lt(x, k.f64(1e9)), x, k.load("f64", "out", i)));
        loop.if(k.lt(y, k.f64(-1e9)), (then) => then.store("out", i, y));
      }),
    );
    expectAgreement(routine);
  });

  test("a branch and a loop use the initial value of their condition, even if it is a local that they set", () => {
    const made: Made = {
      ins: [
        ["a", "i32"],
        ["flags", "bool"],
      ],
      outs: [["out", "i32"]],
      n: 27,
    };
    const writes: ((loop: k.Block, flag: Expr, x: Expr) => void)[] = [
      (loop, flag, x) =>
        loop.if(
          flag,
          (then) => {
            then.set(flag, k.bool(false));
            then.set(x, k.add(x, k.i32(100)));
          },
          (otherwise) => otherwise.set(x, k.sub(k.i32(3), x)),
        ),
      (loop, flag, x) =>
        loop.while(flag, (inner) => {
          inner.set(flag, k.bool(false));
          inner.set(x, k.add(x, k.i32(100)));
        }),
      (loop, flag, x) => {
        loop.ifRare(flag, (then) => then.set(x, k.add(x, k.i32(100))));
        loop.set(flag, k.bool(false));
      },
    ];
    for (const write of writes) {
      expectAgreement(
        routineOf(made, (block) =>
          block.forEach("i", k.i32(0), k.i32(made.n), (loop, i) => {
            const flag = loop.let("flag", k.load("bool", "flags", i));
            const x = loop.let("x", k.load("i32", "a", i));
            write(loop, flag, x);
            loop.store("out", i, k.add(x, k.convert("i32", flag)));
          }),
        ),
      );
    }
  });

  test("neighbours that the first lanes lack are read for later lanes", () => {
    const n = 29;
    const made: Made = { ins: [["a", "u32"]], outs: [["out", "u32"]], temps: [["copy", "u32"]], n };
    const routine = routineOf({ ...made, results: [k.local("f64", "sum")] }, (block) => {
      block.forEach("c", k.i32(0), k.i32(n), (loop, c) => loop.store("copy", c, k.load("u32", "a", c)));
      block.reduce("sum", "add", k.f64(0), "i", k.i32(0), k.i32(n), (loop, i) => {
        const before = loop.let(
          "before",
          k.select(k.le(k.i32(1), i), k.load("u32", "copy", k.sub(i, k.i32(1))), k.constant("u32", 0)),
        );
        loop.if(k.le(k.i32(2), i), (then) => then.store("out", k.sub(i, k.i32(2)), before));
        return k.convert("f64", before);
      });
      block.forEach("e", k.i32(n - 2), k.i32(n), (loop, e) => loop.store("out", e, k.constant("u32", 0)));
    });
    expectAgreement(routine);
  });

  test("a nest: rows within columns, and sums over either axis", () => {
    const [rows, columns] = [13, 37];
    const made: Made = {
      ins: [
        ["a", "f32", rows * columns],
        ["v", "f32", columns],
      ],
      outs: [
        ["scaled", "f32", rows * columns],
        ["turned", "f32", rows * columns],
        ["perColumn", "f32", columns],
        ["perRow", "f32", rows],
        ["counts", "f32", columns],
      ],
      n: 0,
    };
    const at = (i: Expr, j: Expr): Expr => k.add(k.mul(i, k.i32(columns)), j);
    const routine = routineOf(made, (block) => {
      block.forEach("i", k.i32(0), k.i32(rows), (outer, i) =>
        outer.forEach("j", k.i32(0), k.i32(columns), (inner, j) => {
          const x = inner.let("x", k.mul(k.load("f32", "a", at(i, j)), k.load("f32", "v", j)));
          inner.store("scaled", at(i, j), x);
          inner.store("turned", k.add(k.mul(j, k.i32(rows)), i), x);
        }),
      );
      block.forEach("c", k.i32(0), k.i32(columns), (loop, c) => {
        const sum = loop.reduce("sum", "add", k.f32(0), "r", k.i32(0), k.i32(rows), (_, r) =>
          k.load("f32", "a", at(r, c)),
        );
        loop.store("perColumn", c, sum);
      });
      block.forEach("r2", k.i32(0), k.i32(rows), (loop, r) => {
        const sum = loop.reduce("sum2", "max", k.f32(-Infinity), "c2", k.i32(0), k.i32(columns), (_, c) =>
          k.load("f32", "a", at(r, c)),
        );
        loop.store("perRow", r, sum);
      });
      block.forEach("c3", k.i32(0), k.i32(columns), (loop, c) => {
        const sum = loop.let("sum3", k.f32(0));
        loop.for("r3", k.i32(0), k.i32(rows), (inner, r) =>
          inner.set(sum, k.add(k.mul(sum, k.f32(0.5)), k.load("f32", "a", at(r, c)))),
        );
        loop.store("counts", c, sum);
      });
    });
    expectAgreement(routine);
    // adjacent columns are summed in parallel
    expect(textOf(routine)).toMatch(/(v128\.load .*\n.*){2}(f32x4\.add .*\n.*){2}/);
  });

  test.each([2, 3, 4, 5, 7, 8])(
    "rows of %d elements: several rows at once if a row is shorter than a vector",
    (columns) => {
      const rows = 19;
      const at = (i: Expr, j: Expr): Expr => k.add(k.mul(i, k.i32(columns)), j);
      const made: Made = {
        ins: [
          ["a", "f32", rows * columns],
          ["v", "f32", rows],
        ],
        outs: [
          ["powers", "f32", rows * columns],
          ["sums", "f32", rows],
          ["scaled", "f32", rows * columns],
        ],
        n: 0,
      };
      const routine = routineOf(made, (block) => {
        block.forEach("i", k.i32(0), k.i32(rows), (outer, i) => {
          const sum = outer.reduce("sum", "add", k.f64(0), "j", k.i32(0), k.i32(columns), (inner, j) => {
            const x = inner.let("x", k.call(exp32, k.load("f32", "a", at(i, j))));
            inner.store("powers", at(i, j), x);
            return k.convert("f64", x);
          });
          outer.store("sums", i, k.convert("f32", sum));
        });
        block.forEach("i2", k.i32(0), k.i32(rows), (outer, i) =>
          outer.forEach("j2", k.i32(0), k.i32(columns), (inner, j) => {
            const y = inner.let("y", k.div(k.load("f32", "powers", at(i, j)), k.load("f32", "sums", i)));
            inner.store("scaled", at(i, j), k.mul(y, k.load("f32", "v", i)));
          }),
        );
      });
      expectAgreement(routine);
      expect(textOf(routine)).toContain("f32x4.div");
    },
  );
});

describe("folds", () => {
  const ops = {
    f64: ["add", "mul", "min", "max"],
    f32: ["add", "mul", "min", "max"],
    i32: ["add", "mul", "min", "max", "and", "or"],
    u32: ["add", "mul", "min", "max", "and", "or"],
    bool: ["and", "or"],
  } as const;
  test.each(types)("of %s", (type) => {
    for (const [place, op] of ops[type].entries()) {
      // the quick extent tests every second length, alternating over operations
      const lengths = [0, 1, 5, 8, 11, 32, 45].filter((_, i) => (place + i) % extent(2, 1) === 0);
      for (const n of lengths) {
        const made: Made = {
          ins: [["a", type]],
          outs: [["copy", type]],
          scalars: [["m", "i32"]],
          results: [k.local(type, "whole"), k.local("f64", "wide"), k.local(type, "part")],
          n,
        };
        const start = {
          add: 0,
          mul: 1,
          min: type === "u32" ? 4294967295 : type === "i32" ? 2147483647 : Infinity,
          max: type === "u32" ? 0 : type === "i32" ? -2147483648 : -Infinity,
          and: type === "i32" ? -1 : type === "u32" ? 4294967295 : 1,
          or: 0,
        }[op];
        const routine = routineOf(made, (block) => {
          block.reduce("whole", op, k.constant(type, start), "i", k.i32(0), k.i32(n), (body, i) => {
            const x = body.let("x", k.load(type, "a", i));
            body.store("copy", i, x);
            return x;
          });
          block.reduce("wide", "add", k.f64(0), "j", k.i32(0), k.i32(n), (_, j) =>
            k.convert("f64", k.load(type, "a", j)),
          );
          const end = block.let("end", k.binary("rem", k.abs(k.local("i32", "m")), k.i32(n + 1)));
          block.reduce("part", op, k.constant(type, start), "l", k.i32(0), end, (_, l) =>
            k.load(type, "a", l),
          );
        });
        expectAgreement(routine);
      }
    }
  });
});

describe("contractions", () => {
  test.each([
    ["f64", 5, 7, 3, false],
    ["f32", 33, 17, 300, true],
    ["f32", 1, 40, 9, false],
    ["i32", 6, 5, 11, true],
  ] as const)("of %s, %d rows, %d columns, %d products", (type, rows, columns, sums, accumulate) => {
    const made: Made = {
      ins: [
        ["a", type, rows * sums + 3],
        ["b", type, sums * columns],
      ],
      outs: [["c", type, rows * columns + 2]],
      scalars: [["m", "i32"]],
      n: 0,
    };
    const routine = routineOf(made, (block) => {
      const m = block.let("offset", k.and(k.local("i32", "m"), k.i32(1)));
      block.forEach("i", k.i32(0), k.i32(rows * columns + 2), (loop, i) =>
        loop.store("c", i, k.constant(type, 3)),
      );
      block.for("twice", k.i32(0), k.i32(2), (loop, twice) =>
        loop.contract({
          name: "product",
          type,
          out: { buffer: "c", offset: k.add(m, twice) },
          left: { buffer: "a", offset: k.add(m, k.i32(2)) },
          right: { buffer: "b", offset: k.i32(0) },
          dims: [
            { role: "row", size: rows, out: columns, left: sums, right: 0 },
            { role: "column", size: columns, out: 1, left: 0, right: 1 },
            { role: "sum", size: sums, out: 0, left: 1, right: columns },
          ],
          accumulate,
        }),
      );
    });
    expectAgreement(routine);
  });
});

describe("generated code of vectorized loops", () => {
  const text = (routine: Routine): string => textOf(routine);

  test("an elementwise loop uses two vectors with one address, stored next to each other", () => {
    const lines = text(elementwise("f32", "f32", 64, (x, y) => k.mul(x, y)));
    expect(lines).toMatch(/f32x4\.mul[^]*f32x4\.mul[^]*v128\.store [^\n]*\n\s*\(v128\.store offset=16/);
  });

  test("loaded and stored values are not copied, except values that are set in between", () => {
    const copies = (routine: Routine): number =>
      text(routine).match(/\(local\.set \$\d+ \(local\.get \$\d+\)\)/g)?.length ?? 0;
    expect(copies(elementwise("f32", "f32", 64, (x, y) => k.mul(k.add(x, y), x)))).toBe(0);
    const made: Made = { ins: [["a", "f32", 64]], outs: [["out", "f32", 64]], n: 64 };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(64), (loop, i) => {
        const x = loop.let("x", k.load("f32", "a", i));
        const y = loop.let("y", x);
        loop.set(x, k.neg(x));
        loop.store("out", i, k.sub(y, x));
      }),
    );
    expectAgreement(routine);
    expect(copies(routine)).toBe(4); // two vectors of x, which is set, and of y, which is the old x
  });

  // with 70,016 iterations each call does a multiple of 64; with 70,001 the last call has one left over
  test.each([
    [64, 0],
    [67, 1],
    [70_016, 0],
    [70_001, 1],
  ])("a loop of %d iterations has a scalar remainder only if iterations are left over", (n, rests) => {
    const routine = elementwise("f32", "f32", n, (x, y) => k.mul(x, y));
    expect(text(routine).match(/\bf32\.mul\b/g) ?? []).toHaveLength(rests);
    expectAgreement(routine);
  });

  test("every second element is read by vectors, and both halves written by them; four elements by one", () => {
    const made: Made = { ins: [["a", "f32", 8]], outs: [["out", "f32", 8]], n: 4 };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(4), (loop, i) => {
        const at = loop.let("at", k.mul(i, k.i32(2)));
        loop.store("out", at, k.load("f32", "a", k.add(at, k.i32(1))));
        loop.store("out", k.add(at, k.i32(1)), k.load("f32", "a", at));
      }),
    );
    const lines = text(routine);
    expect(lines.match(/v128\.load/g)).toHaveLength(4);
    expect(lines.match(/v128\.store/g)).toHaveLength(2);
  });

  test("as many iterations as lanes need no loop, and inner loops end where they continue", () => {
    const made: Made = { ins: [["a", "f64", 12]], outs: [["out", "f64", 4]], scalars: [["m", "i32"]], n: 4 };
    const routine = routineOf(made, (block) =>
      block.forEach("i", k.i32(0), k.i32(4), (loop, i) => {
        const sum = loop.let("sum", k.f64(0));
        const m = k.and(k.local("i32", "m"), k.i32(7));
        loop.for("j", k.i32(0), m, (inner, j) => inner.set(sum, k.add(sum, k.load("f64", "a", k.add(i, j)))));
        loop.store("out", i, sum);
      }),
    );
    expectAgreement(routine);
    const lines = text(routine);
    expect(lines.match(/\bloop \$/g)).toHaveLength(1);
    expect(lines).not.toMatch(/\bbr \$/);
  });

  test("inner loops run two iterations at once with one address, and one if one is left", () => {
    const made: Made = {
      ins: [
        ["a", "f64", 24],
        ["w", "f64", 12],
        ["steps", "i32", 4],
      ],
      outs: [["out", "f64", 48]],
      scalars: [["m", "i32"]],
      n: 4,
    };
    const routine = routineOf(made, (block) => {
      block.for("c", k.i32(0), k.i32(48), (loop, c) => loop.store("out", c, k.f64(0)));
      block.for("strip", k.i32(0), k.i32(3), (strips, strip) => {
        const first = strips.let("first", k.mul(strip, k.i32(4)));
        const lanes = k.makeBlock();
        lanes.forEach("i", k.i32(0), k.i32(4), (loop, i) => {
          const count = k.and(k.local("i32", "m"), k.i32(7));
          const start = loop.let("start", k.add(first, i));
          const sum = loop.let("sum", k.f64(0));
          loop.for("j", k.i32(0), count, (inner, j) => {
            const at = inner.let("at", k.add(start, j));
            const x = inner.let("x", k.mul(k.load("f64", "a", at), k.load("f64", "w", j)));
            inner.set(sum, k.add(sum, x));
            const row = k.add(k.mul(k.sub(k.add(j, k.i32(3)), i), k.i32(4)), k.mul(i, k.i32(5)));
            inner.store("out", row, k.add(k.load("f64", "out", row), k.sub(x, sum)));
          });
        });
        strips.statements.push({ ...(lanes.statements[0] as Stmt & { kind: "for" }), strip: true });
      });
    });
    expectAgreement(routine);
    const lines = text(routine);
    const offsets = [...lines.matchAll(/v128\.load offset=(\d+)/g)].map((match) => Number(match[1]));
    // x[start + j + 1], and the rows j + 3 and j + 4 of out
    expect(new Set(offsets)).toEqual(new Set([16, 8, 24, 96, 112, 128, 144]));
  });

  test("elements with a constant stride are read and written with one address, at any start", () => {
    const made: Made = { ins: [["a", "f64", 60]], outs: [["out", "f64", 60]], n: 16 };
    const routine = routineOf(made, (block) => {
      block.for("j", k.i32(0), k.i32(60), (loop, j) => loop.store("out", j, k.f64(0)));
      block.forEach("i", k.i32(0), k.i32(16), (loop, i) => {
        const at = loop.let("at", k.mul(k.sub(k.i32(15), i), k.i32(-3)));
        for (const more of [45, 46])
          loop.store("out", k.add(at, k.i32(more)), k.neg(k.load("f64", "a", k.add(at, k.i32(more)))));
      });
    });
    expectAgreement(routine);
    const lines = text(routine);
    for (const bytes of [24, 48, 72])
      expect(lines.match(new RegExp(`(v128\\.load64\\w+|f64\\.store) offset=${bytes}\\b`, "g"))).toHaveLength(
        4,
      );
  });

  test("elements up to 1024 apart are read with one address, those farther apart with one each", () => {
    const addresses = (stride: number): number => {
      const made: Made = { ins: [["a", "f64", 16 * stride]], outs: [["out", "f64", 16]], n: 16 };
      const routine = routineOf(made, (block) =>
        block.forEach("i", k.i32(0), k.i32(16), (loop, i) =>
          loop.store("out", i, k.call(math.exp64, k.load("f64", "a", k.mul(i, k.i32(stride))))),
        ),
      );
      return text(routine).match(/\(i32\.(mul|shl) \(local\.get \$i\) \(i32\.const (13|8200)\)\)/g)!.length;
    };
    expect([addresses(1024), addresses(1025)]).toEqual([1, 4]);
  });

  test("a choice between a value and zero is a mask, unless zero has a sign", () => {
    const chosen = (x: Expr, y: Expr): string =>
      text(elementwise("f32", "f32", 8, (a, b) => k.select(k.lt(a, b), x, y)));
    const a = k.load("f32", "a", k.local("i32", "i"));
    expect(chosen(a, k.f32(0))).toMatch(/v128\.and\b/);
    expect(chosen(k.f32(0), a)).toMatch(/v128\.andnot\b/);
    expect(chosen(a, k.f32(-0))).toMatch(/v128\.bitselect\b/);
  });

  test("float32 is loaded as float64 two at a time, without shuffles", () => {
    const made: Made = { ins: [["a", "f32"]], outs: [["out", "f64"]], n: 8 };
    const lines = text(
      routineOf(made, (block) =>
        block.forEach("i", k.i32(0), k.i32(8), (loop, i) =>
          loop.store("out", i, k.convert("f64", k.load("f32", "a", i))),
        ),
      ),
    );
    expect(lines).toMatch(/v128\.load64_zero\b/);
    expect(lines).not.toMatch(/i8x16\.shuffle\b/);
  });

  test("a choice with a costly side computes it only if some lane needs it", () => {
    const chosen = (y: (x: Expr) => Expr): string =>
      text(elementwise("f64", "f64", 8, (a, b) => k.select(k.lt(a, b), a, y(b))));
    expect(chosen((b) => k.mul(b, b))).not.toMatch(/v128\.any_true\b/);
    expect(chosen((b) => k.call(math.exp64, b))).toMatch(/v128\.any_true\b/);
  });

  test("a choice is a single machine instruction in engines that support it", () => {
    const routine = elementwise("f64", "f64", 8, (a, b) => k.select(k.lt(a, b), b, k.neg(a)));
    const lines = moduleText(makeWasmBackend({ relaxed: true }).moduleOf!(routine));
    expect(lines).toMatch(/i64x2\.relaxed_laneselect\b/);
    expect(lines).not.toMatch(/v128\.bitselect\b/);
  });

  test("transcendental functions", () => {
    for (const procedure of Object.values(math)) {
      const lines = text(
        elementwise("f64", "f64", 8, (x, y) =>
          k.call(procedure, ...(procedure.params.length === 2 ? [x, y] : [x])),
        ),
      );
      expect(lines).toContain("f64x2.mul");
    }
  });

  test("a fold", () => {
    const made: Made = { ins: [["a", "f32"]], outs: [], results: [k.local("f32", "sum")], n: 64 };
    const lines = text(
      routineOf(made, (block) =>
        block.reduce("sum", "add", k.f32(0), "i", k.i32(0), k.i32(64), (_, i) => k.load("f32", "a", i)),
      ),
    );
    expect(lines.match(/f32x4\.add/g)).toHaveLength(5); // two in the loop, one and two to combine the lanes
  });
});

test("an input that a routine changes is changed in the caller's array", () => {
  const made: Made = { ins: [["a", "f64"]], outs: [], n: 5 };
  const routine = routineOf(made, (block) =>
    block.forEach("i", k.i32(0), k.i32(5), (loop, i) =>
      loop.store("a", i, k.mul(k.load("f64", "a", i), k.f64(2))),
    ),
  );
  const array = Float64Array.of(9, 1, 2, 3, 4, 5, 9);
  wasmBackend.compile(routine)([{ array, offset: 1 }], []);
  expect([...array]).toEqual([9, 2, 4, 6, 8, 10, 9]);
});
