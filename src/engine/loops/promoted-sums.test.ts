import { expect, test } from "vitest";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { makeNames } from "../kernel/fresh-names.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { promoteSums } from "./promoted-sums.ts";

const n = k.local("i32", "n");
const [zero, three] = [k.i32(0), k.i32(3)];
const y = (index: Expr): Expr => k.load("f64", "y", index);
const a = (index: Expr): Expr => k.load("f64", "a", index);
const addTo = (block: Block, index: Expr, term: Expr): void => block.store("y", index, k.add(y(index), term));

function written(write: (block: Block) => void): readonly Stmt[] {
  const block = k.makeBlock();
  write(block);
  return block.statements;
}

const promoted = (write: (block: Block) => void): readonly Stmt[] =>
  promoteSums(written(write), {
    changing: new Set(),
    ranges: new Map(),
    offsets: new Set(),
    fresh: makeNames(),
  });

test("a sum in an element becomes a sum in a local, which is added once if the loop has an iteration", () => {
  const found = promoted((block) => {
    block.for("i", zero, n, (loop, i) => addTo(loop, three, a(i)));
  });
  const sum = k.local("f64", (found[0] as Stmt & { kind: "let" }).name);
  expect(found[1]).toMatchObject({
    kind: "for",
    body: [
      { kind: "set", name: sum.kind === "local" && sum.name, value: k.add(sum, a(k.local("i32", "i"))) },
    ],
  });
  expect(found.slice(2)).toEqual([
    {
      kind: "if",
      condition: k.lt(zero, n),
      then: [{ kind: "store", buffer: "y", index: three, value: k.add(y(three), sum) }],
      otherwise: [],
    },
  ]);
});

test("each element has a sum of its own", () => {
  const found = promoted((block) => {
    block.for("i", zero, n, (loop, i) => {
      addTo(loop, zero, a(i));
      addTo(loop, three, a(i));
      addTo(loop, zero, k.f64(1));
    });
  });
  expect(found.map(({ kind }) => kind)).toEqual(["let", "let", "for", "if"]);
});

test.each<[string, (block: Block) => void]>([
  ["at an index that varies", (block) => block.for("i", zero, n, (loop, i) => addTo(loop, i, a(i)))],
  [
    "that the loop also reads",
    (block) =>
      block.for("i", zero, n, (loop, i) => {
        addTo(loop, zero, a(i));
        loop.store("z", i, y(zero));
      }),
  ],
  [
    "in a loop that sets its own bound",
    (block) => {
      const end = block.let("end", n);
      block.for("i", zero, end, (loop, i) => {
        addTo(loop, zero, a(i));
        loop.set(end, k.sub(end, k.i32(1)));
      });
    },
  ],
  [
    "of an array that determines the bound",
    (block) => block.for("i", zero, k.convert("i32", y(three)), (loop, i) => addTo(loop, zero, a(i))),
  ],
])("a sum in an element stays: %s", (_, write) => {
  expect(promoted(write)).toEqual(written(write));
});
