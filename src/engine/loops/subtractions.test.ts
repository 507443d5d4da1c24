import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Block } from "../kernel/build.ts";
import { printRoutine } from "../kernel/print.ts";
import { withDifferences } from "./subtractions.ts";

const [x, y, n] = [k.local("f64", "x"), k.local("f64", "y"), k.local("i32", "n")];

/** The lines of the rewritten statements. */
function lines(write: (block: Block) => void): string[] {
  const block = k.makeBlock();
  write(block);
  const body = withDifferences(block.statements);
  const text = printRoutine({ name: "f", inputs: [], outputs: [], temps: [], arenaBytes: 0, body });
  return text.split("\n").slice(1, -1).map((line) => line.slice(2)); // prettier-ignore
}

test("additions of negated values become subtractions, in inner blocks and expressions too", () => {
  const write = (block: Block): void =>
    block.for("i", k.i32(0), n, (inner, i) => {
      inner.store("a", i, k.mul(k.add(x, k.neg(k.add(k.neg(x), y))), y));
      inner.store("b", i, k.add(k.neg(x), k.neg(y)));
      inner.store("c", k.add(i, k.neg(n)), k.sub(x, k.neg(y)));
    });
  expect(lines(write)).toEqual([
    "for i in 0..n {",
    "  a[i] = (x - (y - x)) * y",
    "  b[i] = -x - y",
    "  c[i + -n] = x - -y",
    "}",
  ]);
});
