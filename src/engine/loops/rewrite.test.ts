import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import { copyExpr } from "../kernel/copy.ts";
import type { Stmt } from "../kernel/scalar.ts";
import { mapBlocks } from "./rewrite.ts";

test("statements and expressions that a rewrite does not change stay the same objects", () => {
  const x = k.local("f64", "x");
  const sum = k.add(k.mul(x, k.f64(2)), k.neg(x));
  const inner: Stmt = { kind: "let", name: "y", value: sum };
  const stmt: Stmt = { kind: "if", condition: k.bool(true), then: [inner], otherwise: [] };
  expect(mapBlocks(stmt, (block) => [...block])).toBe(stmt);
  expect(mapBlocks(stmt, (block) => (block.length > 0 ? [] : block))).toEqual({ ...stmt, then: [] });
  expect(copyExpr(sum, () => undefined)).toBe(sum);
  const doubled = copyExpr(sum, (part) => (part.kind === "unary" ? x : undefined));
  expect(doubled).toEqual(k.add(k.mul(x, k.f64(2)), x));
  expect(doubled.kind === "binary" && sum.kind === "binary" && doubled.x === sum.x).toBe(true);
});
