import fc from "fast-check";
import { expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import * as k from "../../kernel/build.ts";
import type { Routine } from "../../kernel/scalar.ts";
import { jsBackend, sourceOf } from "./index.ts";
import { commentLines, makeNames, toIdentifier } from "./names.ts";

const hostile = [
  "",
  "__proto__",
  "constructor",
  "class",
  "await",
  "eval",
  "arguments",
  "undefined",
  "inputs",
  "outputs",
  "spill",
  "Math",
  "highWord",
  "part1",
  "0",
  "1x",
  "a b",
  `"];globalThis.hacked=1;["`,
  "x; globalThis.hacked = 1; //",
  "*/ globalThis.hacked = 1; /*",
  "x\nglobalThis.hacked = 1",
  "x\rglobalThis.hacked = 1",
  "x\u2028globalThis.hacked = 1",
  "${globalThis.hacked = 1}",
  "`",
  "'",
  "\\",
  "\\u0061",
  "\u037e", // Greek question mark: looks like ; and is normalised to it
  "\u202e", // right-to-left override
  "\ud800", // half of a pair
  "#sourceMappingURL=x",
  "<!--",
  "-->",
];

/** Any text, with harmful characters more often than by chance. */
const anyName = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom(..."ax1_$θé\"'`\\/*;\n") }),
);

test("a name becomes an identifier that strict code accepts", () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const identifier = toIdentifier(name);
      const read = new Function(
        `"use strict"; let ${identifier} = 1; return ${identifier};`,
      ) as () => unknown;
      expect(read()).toBe(1);
    }),
    { numRuns: extent(500, 5000, 2000), seed: 1 },
  );
});

test("plain names and Greek and accented letters are kept", () => {
  const kept = ["x", "learningRate", "$a_1", "θ", "Δx", "été", "x₁"];
  expect(kept.map(toIdentifier)).toEqual(["x", "learningRate", "$a_1", "θ", "Δx", "été", "x_"]);
});

test("names are unique, also compared with the outer scope", () => {
  fc.assert(
    fc.property(
      fc.array(anyName, { maxLength: 40 }),
      fc.array(anyName, { maxLength: 40 }),
      (outerNames, innerNames) => {
        const outer = makeNames();
        const inner = makeNames(outer);
        const all = [...outerNames.map(outer.take), ...innerNames.map(inner.take)];
        expect(new Set(all).size).toBe(all.length);
      },
    ),
    { seed: 2 },
  );
});

test("a thousand equal names are numbered", () => {
  const names = makeNames();
  const all = Array.from({ length: 1000 }, () => names.take("x"));
  expect(all.slice(0, 3)).toEqual(["x", "x_1", "x_2"]);
  expect(new Set(all).size).toBe(1000);
});

test("comments stay comments for any text", () => {
  expect(commentLines("one\r\ntwo\u2028three\u0000\u202e ")).toEqual(["// one", "// two", "// three??"]);
  expect(commentLines("# sourceMappingURL=x")).toEqual(["// # sourceMappingURL=x"]);
});

/**
 * Sum over two buffers' elements times a scalar, by a procedure and through a temporary, with a name for everything.
 */
function namedRoutine(names: readonly string[]): Routine {
  const at = (n: number): string => `${names[n % names.length]!}${"'".repeat(Math.floor(n / names.length))}`;
  const twice = k.procedure(at(0), [[at(1), "f64"]], (block, [x]) => {
    block.comment(at(0));
    return k.add(block.let(at(2), x!), x!);
  });
  const table = { name: at(3), type: "f64", values: [10, 20] } as const;
  const buffer = (n: number) => ({ name: at(n), type: "f64", size: 2 }) as const;
  const block = k.makeBlock();
  const sum = block.let(at(4), k.f64(0));
  block.for(at(5), k.i32(0), k.i32(2), (loop, i) => {
    loop.comment(at(6));
    const element = loop.let(at(6), k.load("f64", at(7), i));
    loop.store(at(8), i, k.add(element, k.call(twice, k.load("f64", at(9), i))));
    loop.set(sum, k.add(sum, k.add(k.load("f64", at(8), i), k.tableAt(table, i))));
  });
  return {
    name: at(10),
    inputs: [
      { kind: "buffer", buffer: buffer(7) },
      { kind: "buffer", buffer: buffer(9) },
      { kind: "scalar", name: at(11), type: "f64" },
    ],
    outputs: [{ kind: "scalar", value: k.mul(sum, k.local("f64", at(11))) }],
    temps: [{ ...buffer(8), offset: 0 }],
    arenaBytes: 32,
    body: block.statements,
  };
}

test("names may contain anything: the routine computes the same results and no name is executed", () => {
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1, maxLength: 12 }), (names) => {
      const run = jsBackend.compile(namedRoutine([...new Set(names)]));
      const outputs = [NaN];
      run(
        [{ array: Float64Array.of(1, 2), offset: 0 }, { array: Float64Array.of(9, 3, 4), offset: 1 }, 2],
        outputs,
      );
      expect(outputs).toEqual([(1 + 2 + 2 * (3 + 4) + 30) * 2]);
      expect("hacked" in globalThis).toBe(false);
    }),
    { numRuns: extent(300, 3000, 1000), seed: 3 },
  );
});

test("the source contains no forbidden characters of names", () => {
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1, maxLength: 12 }), (names) => {
      const code = sourceOf(namedRoutine([...new Set(names)])).replaceAll(/\/\/.*/g, "");
      expect(code).toMatch(/^[\p{Script=Latin}\p{Script=Greek}\w\s$"()[\]{}.,;=<+*-]*$/u);
      expect(code.match(/"/g)).toHaveLength(2); // of "use strict"
    }),
    { seed: 4 },
  );
});

test("a constant that is not a number is rejected", () => {
  const body = k.makeBlock();
  body.let("x", k.f64("globalThis.hacked = 1" as unknown as number));
  expect(() =>
    sourceOf({ name: "f", inputs: [], outputs: [], temps: [], arenaBytes: 0, body: body.statements }),
  ).toThrow(/is no number/);
});
