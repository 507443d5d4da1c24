import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { describe, expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { KernelValue } from "../../kernel/executable.ts";
import type { Expr, Routine } from "../../kernel/scalar.ts";
import { interpBackend } from "../interp/index.ts";
import { canGenerateCode, jsBackend, makeJsBackend, sourceOf, sourceOfProcedure } from "./index.ts";
import { extent } from "../../../../test/support/extent.ts";

const [x, y] = [k.local("f64", "x"), k.local("f64", "y")];

/** A routine that has only scalars. */
function scalarRoutine(values: readonly Expr[], fill: (block: k.Block) => void = () => {}): Routine {
  const block = k.makeBlock();
  fill(block);
  return {
    name: "f",
    inputs: [
      { kind: "scalar", name: "x", type: "f64" },
      { kind: "scalar", name: "y", type: "f64" },
    ],
    outputs: values.map((value) => ({ kind: "scalar", value })),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

/** The expression as it occurs in generated code. */
function codeOf(expr: Expr): string {
  return sourceOf(scalarRoutine([expr])).match(/outputs\[0\] = (.*);/)![1]!;
}

describe("the source reads as if written by hand", () => {
  test("a matrix times a vector, with a branch", () => {
    const block = k.makeBlock();
    block.comment("rows of a");
    block.for("i", k.i32(0), k.i32(3), (rows, i) => {
      const sum = rows.let("sum", k.f64(0));
      rows.for("j", k.i32(0), k.i32(4), (columns, j) => {
        const element = k.load("f64", "a", k.add(k.mul(i, k.i32(4)), j));
        columns.set(sum, k.add(sum, k.mul(element, k.load("f64", "v", j))));
      });
      rows.if(
        k.and(k.lt(sum, k.f64(0)), k.not(k.local("bool", "signed"))),
        (then) => then.store("out", i, k.neg(sum)),
        (otherwise) => otherwise.store("out", i, sum),
      );
    });
    const routine: Routine = {
      name: "matvec",
      inputs: [
        { kind: "buffer", buffer: { name: "a", type: "f64", size: 12 } },
        { kind: "buffer", buffer: { name: "v", type: "f64", size: 4 } },
        { kind: "scalar", name: "signed", type: "bool" },
      ],
      outputs: [{ kind: "buffer", buffer: { name: "out", type: "f64", size: 3 } }],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    };
    expect(sourceOf(routine)).toMatchInlineSnapshot(`
      ""use strict";

      function matvec(inputs, outputs) {
        const a = inputs[0].array, a0 = inputs[0].offset;
        const v = inputs[1].array, v0 = inputs[1].offset;
        const signed = inputs[2] !== 0;
        const out = outputs[0].array, out0 = outputs[0].offset;
        // rows of a
        for (let i = 0; i < 3; i++) {
          let sum = 0;
          for (let j = 0; j < 4; j++) {
            sum += a[a0 + i * 4 + j] * v[v0 + j];
          }
          if (sum < 0 && !signed) {
            out[out0 + i] = -sum;
          } else {
            out[out0 + i] = sum;
          }
        }
      }

      return matvec;"
    `);
  });

  test("a float32 sum through a temporary, in reverse", () => {
    const block = k.makeBlock();
    block.for("i", k.i32(0), k.i32(8), (loop, i) => {
      loop.store("t", i, k.add(k.mul(k.load("f32", "a", i), k.f32(0.1)), k.sqrt(k.convert("f32", x))));
    });
    const sum = block.let("sum", k.f32(0));
    block.for("i2", k.i32(0), k.i32(8), (loop, i) => loop.set(sum, k.add(sum, k.load("f32", "t", i))), true);
    const routine: Routine = {
      name: "sum of roots",
      inputs: [
        { kind: "buffer", buffer: { name: "a", type: "f32", size: 8 } },
        { kind: "scalar", name: "x", type: "f64" },
      ],
      outputs: [{ kind: "scalar", value: sum }],
      temps: [{ name: "t", type: "f32", size: 8, offset: 0 }],
      arenaBytes: 32,
      body: block.statements,
    };
    expect(sourceOf(routine)).toMatchInlineSnapshot(`
      ""use strict";
      const t = temps[0];

      function sum_of_roots(inputs, outputs) {
        const a = inputs[0].array, a0 = inputs[0].offset;
        const x = inputs[1];
        for (let i = 0; i < 8; i++) {
          t[i] = Math.fround(Math.fround(a[a0 + i] * 0.10000000149011612) + Math.fround(Math.sqrt(Math.fround(x))));
        }
        let sum = 0;
        for (let i2 = 7; i2 >= 0; i2--) {
          sum = Math.fround(sum + t[i2]);
        }
        outputs[0] = sum;
      }

      return sum_of_roots;"
    `);
  });

  test("a procedure with words, a table and a loop", () => {
    const table = { name: "halves", type: "f64", values: [0.5, 0.25] } as const;
    const made = k.procedure(
      "scale",
      [
        ["x", "f64"],
        ["n", "i32"],
      ],
      (block, [value, n]) => {
        const high = block.let("high", k.highWord(value!));
        const out = block.let("out", k.fromWords(k.add(high, k.shl(n!, k.i32(20))), k.lowWord(value!)));
        const left = block.let("left", n!);
        block.while(k.ne(left, k.i32(0)), (loop) => {
          loop.set(out, k.mul(out, k.tableAt(table, k.and(left, k.i32(1)))));
          loop.set(left, k.shr(left, k.i32(1)));
        });
        return k.nearest(out);
      },
    );
    expect(sourceOfProcedure(made)).toMatchInlineSnapshot(`
      ""use strict";
      const halves = tables[0];

      function highWord(x) {
        doubles[0] = x;
        return words[1];
      }

      function lowWord(x) {
        doubles[0] = x;
        return words[0];
      }

      function fromWords(high, low) {
        words[1] = high;
        words[0] = low;
        return doubles[0];
      }

      function nearest(x) {
        const size = Math.abs(x);
        if (!(size > 0 && size < 4503599627370496)) return x;
        const rounded = size + 4503599627370496 - 4503599627370496;
        return x < 0 ? -rounded : rounded;
      }

      function scale(x, n) {
        const high = highWord(x);
        let out = fromWords((high + (n << 20)) | 0, lowWord(x));
        let left = n;
        while (left !== 0) {
          out *= halves[left & 1];
          left = left >> 1;
        }
        return nearest(out);
      }

      return scale;"
    `);
  });

  test("a body split into parts", () => {
    const routine = scalarRoutine(
      [k.local("f64", "c"), k.xor(k.local("bool", "b"), k.bool(true))],
      (block) => {
        const a = block.let("a", k.mul(x, x));
        const b = block.let("b", k.lt(a, y));
        const c = block.let("c", k.select(k.eq(b, k.lt(x, y)), a, y));
        block.set(c, k.add(c, k.f64(1)));
      },
    );
    const limit = 10; // the weight of the first two statements
    expect(sourceOf(routine, limit)).toMatchInlineSnapshot(`
      ""use strict";

      function part1() {
        const x = spill[0];
        const y = spill[1];
        const a = x * x;
        const b = a < y;
        spill[2] = a;
        spill[3] = b ? 1 : 0;
      }

      function part2() {
        const b = spill[3] !== 0;
        const x = spill[0];
        const y = spill[1];
        const a = spill[2];
        let c = b === (x < y) ? a : y;
        spill[4] = c;
      }

      function part3() {
        let c = spill[4];
        c += 1;
        spill[4] = c;
      }

      function f(inputs, outputs) {
        const x = inputs[0];
        const y = inputs[1];
        spill[0] = x;
        spill[1] = y;
        part1();
        part2();
        part3();
        const b = spill[3] !== 0;
        const c = spill[4];
        outputs[0] = c;
        outputs[1] = b !== true ? 1 : 0;
      }

      return f;"
    `);
    const outputs = [NaN, NaN];
    makeJsBackend(limit).compile(routine)([3, 20], outputs);
    expect(outputs).toEqual([10, 0]);
  });

  test.each<[string, Expr]>([
    ["x * y + x", k.add(k.mul(x, y), x)],
    ["x * (y + x)", k.mul(x, k.add(y, x))],
    ["x + (y + x)", k.add(x, k.add(y, x))],
    ["x - y - x", k.sub(k.sub(x, y), x)],
    ["x - (y - x)", k.sub(x, k.sub(y, x))],
    ["(x * y) / x", k.div(k.mul(x, y), x)],
    ["x - -1", k.sub(x, k.f64(-1))],
    ["-(-1)", k.neg(k.f64(-1))],
    ["-(-x)", k.neg(k.neg(x))],
    ["-(x + y)", k.neg(k.add(x, y))],
    ["-x * y", k.mul(k.neg(x), y)],
    ["-0", k.f64(-0)],
    ["Math.max(x, y + 1)", k.max(x, k.add(y, k.f64(1)))],
    ["x < y ? x : y", k.select(k.lt(x, y), x, y)],
    ["(x < y ? x : y) + 1", k.add(k.select(k.lt(x, y), x, y), k.f64(1))],
    ["x < y ? x : y < 1 ? y : 1", k.select(k.lt(x, y), x, k.select(k.lt(y, k.f64(1)), y, k.f64(1)))],
    ["x < y ? 1 : 0", k.lt(x, y)],
    ["x < y ? 1 : 0", k.convert("f64", k.lt(x, y))],
    ["x < y && y < 1 ? x : y", k.select(k.and(k.lt(x, y), k.lt(y, k.f64(1))), x, y)],
    ["(x < y && y < 1) || x === 0 ? 1 : 0", k.or(k.and(k.lt(x, y), k.lt(y, k.f64(1))), k.eq(x, k.f64(0)))],
    ["x < y && y < 1 ? 1 : 0", k.select(k.lt(x, y), k.lt(y, k.f64(1)), k.bool(false))],
    ["!(x < y) ? 1 : 0", k.not(k.lt(x, y))],
    ["x !== y ? 1 : 0", k.not(k.eq(x, y))],
    ["(x < y) !== (y < x) ? 1 : 0", k.xor(k.lt(x, y), k.lt(y, x))],
    ["Math.fround(Math.fround(x) * Math.fround(y))", k.mul(k.convert("f32", x), k.convert("f32", y))],
    ["0.10000000149011612", k.f32(0.1)],
    ["toInt32(x)", k.convert("i32", x)],
    ["(toInt32(x) + 1) | 0", k.add(k.convert("i32", x), k.i32(1))],
    ["Math.imul(toInt32(x), 3)", k.mul(k.convert("i32", x), k.i32(3))],
    ["(toInt32(x) & 15) * 3 + 1", k.add(k.mul(k.and(k.convert("i32", x), k.i32(15)), k.i32(3)), k.i32(1))],
    ["(toInt32(x) / 3) | 0", k.div(k.convert("i32", x), k.i32(3))],
    ["toUint32(x) >>> 3", k.shr(k.convert("u32", x), k.constant("u32", 3))],
    ["(toUint32(x) ^ 1) >>> 0", k.xor(k.convert("u32", x), k.constant("u32", 1))],
  ])("%s", (code, expr) => {
    expect(codeOf(expr)).toBe(code);
  });
});

describe("loops", () => {
  test("evaluate their bounds once, before the first iteration", () => {
    const routine = scalarRoutine([k.convert("f64", k.local("i32", "iterations"))], (block) => {
      const iterations = block.let("iterations", k.i32(0));
      const end = block.let("end", k.i32(3));
      block.for("i", k.i32(0), end, (loop) => {
        loop.set(end, k.i32(10));
        loop.set(iterations, k.add(iterations, k.i32(1)));
      });
      block.for(
        "j",
        k.sub(end, k.i32(9)),
        end,
        (loop) => {
          loop.set(end, k.i32(0));
          loop.set(iterations, k.add(iterations, k.i32(100)));
        },
        true,
      );
    });
    for (const backend of [interpBackend, jsBackend]) {
      const outputs = [NaN];
      backend.compile(routine)([0, 0], outputs);
      expect(outputs).toEqual([903]);
    }
  });
});

describe("integers are wrapped wherever they might not fit", () => {
  const i32 = (name: string): Expr => k.local("i32", name);
  const outcomes = (routine: Routine, ...inputs: number[]): KernelValue[] =>
    [interpBackend, jsBackend].map((backend) => {
      const outputs = [NaN];
      backend.compile(routine)(inputs, outputs);
      return outputs[0]!;
    });

  test("a local that is set does not keep the range of its first value", () => {
    const routine = scalarRoutine([k.add(i32("n"), k.i32(1))], (block) => {
      const n = block.let("n", k.i32(1));
      block.if(k.lt(x, y), (then) => then.set(n, k.i32(2147483647)));
    });
    expect(outcomes(routine, 0, 1)).toEqual([-2147483648, -2147483648]);
  });

  test("neither does the index of a loop whose bounds are not known", () => {
    const routine = scalarRoutine([i32("last")], (block) => {
      const last = block.let("last", k.i32(0));
      block.for("i", k.convert("i32", x), k.convert("i32", y), (loop, i) =>
        loop.set(last, k.add(i, k.i32(5))),
      );
    });
    expect(outcomes(routine, 2147483640, 2147483647)).toEqual([-2147483645, -2147483645]);
  });

  test("an integer product that is zero is not −0", () => {
    const routine = scalarRoutine([
      k.div(k.f64(1), k.convert("f64", k.mul(k.and(k.convert("i32", x), k.i32(1)), k.i32(-3)))),
    ]);
    expect(outcomes(routine, 0, 0)).toEqual([Infinity, Infinity]);
  });
});

/** `count` statements, each using two earlier results. */
function straightLine(count: number): Routine {
  const values = [x, y];
  let state = 1;
  const earlier = (): Expr => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return values[Math.max(0, values.length - 1 - ((state >>> 8) % 40))]!;
  };
  return scalarRoutine([k.local("f64", `v${count - 1}`), k.local("f64", "v0")], (block) => {
    for (let i = 0; i < count; i++) {
      const [a, b] = [earlier(), earlier()];
      values.push(block.let(`v${i}`, k.sub(k.mul(k.f64(0.75), a), k.mul(k.f64(0.5), b))));
    }
  });
}

describe("long and deep code", () => {
  test("very many statements compile and run, with the interpreter's bits", () => {
    const routine = straightLine(extent(30_000, 100_000));
    const [expected, got]: KernelValue[][] = [[], []];
    interpBackend.compile(routine)([0.3, 0.7], expected!);
    jsBackend.compile(routine)([0.3, 0.7], got!);
    expect(got).toEqual(expected);
    expect(Number.isFinite(got![0])).toBe(true);
  });

  test("the source grows in proportion to the statements, and so does the number of parts", () => {
    const [small, large] = [sourceOf(straightLine(10_000)), sourceOf(straightLine(40_000))];
    expect(large.length / small.length).toBeLessThan(4.5);
    const parts = large.split("\nfunction part").length - 1;
    expect(parts).toBeGreaterThan(100);
    expect(parts).toBeLessThan(300);
  });

  test("an expression nested too deeply is rejected instead of overflowing the stack", () => {
    let deep: Expr = x;
    for (let i = 0; i < 100_000; i++) deep = k.neg(deep);
    expect(() => jsBackend.compile(scalarRoutine([deep]))).toThrow(
      /internal: code is nested more than 500 levels/,
    );
    expect(() => interpBackend.compile(scalarRoutine([deep]))).toThrow(
      /internal: code is nested more than 500 levels/,
    );
  });

  test("an expression of 400 levels is not", () => {
    let deep: Expr = x;
    for (let i = 0; i < 400; i++) deep = k.add(deep, k.mul(y, deep.kind === "local" ? deep : y));
    for (const backend of [interpBackend, jsBackend]) {
      const outputs = [NaN];
      backend.compile(scalarRoutine([deep]))([1, 1], outputs);
      expect(outputs).toEqual([401]);
    }
  });
});

/** A bundle of source text that may import from `src/engine/`. */
function bundle(contents: string): string {
  const resolveDir = fileURLToPath(new URL("../..", import.meta.url));
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir, loader: "ts" },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]!.text;
}

describe("where code generation is forbidden", () => {
  const program = `
    import { canGenerateCode } from "./backends/js/index.ts";
    import { interpBackend } from "./backends/interp/index.ts";
    import { add, local } from "./kernel/build.ts";
    const [x, y] = [local("f64", "x"), local("f64", "y")];
    const port = (name) => ({ kind: "scalar", name, type: "f64" });
    const routine = { name: "f", inputs: [port("x"), port("y")], outputs: [{ kind: "scalar", value: add(x, y) }], temps: [], arenaBytes: 0, body: [] };
    const outputs = [0];
    interpBackend.compile(routine)([1, 2], outputs);
    console.log(canGenerateCode(), outputs[0]);
  `;
  const run = (...flags: readonly string[]): string =>
    spawnSync(process.execPath, [...flags, "--input-type=module", "-"], {
      input: bundle(program),
      encoding: "utf8",
    }).stdout;

  test("`canGenerateCode` is false and the interpreter runs", () => {
    expect(run("--disallow-code-generation-from-strings")).toBe("false 3\n");
    expect(run()).toBe("true 3\n");
    expect(canGenerateCode()).toBe(true);
  });
});
