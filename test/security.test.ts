// Promises of SECURITY.md about formula texts. Files are tested in src/training/io/strangers.test.ts, servers in
// src/cli/learn/serve-folder.test.ts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { grad, jit, type Tensor, tensor } from "downhill";
import { afterEach, expect, test, vi } from "vitest";
import { compileText } from "../src/numeric/syntax/index.ts";
import { root } from "./support/snippets.ts";

afterEach(() => vi.unstubAllGlobals());

test("neither the text of a formula nor a name in it reaches new Function", () => {
  const texts: string[] = [];
  vi.stubGlobal(
    "Function",
    new Proxy(Function, {
      construct(target, args: string[]) {
        texts.push(args.join("\n"));
        return Reflect.construct(target, args) as object;
      },
    }),
  );
  const { evaluate } = compileText("inner = velocity * sin(alert); inner + constructor ^ 2");
  const f = (v: Tensor, a: Tensor, c: Tensor): Tensor => evaluate([v, a, c]);
  const slope = jit(grad(f))(tensor(0.731), tensor(1.377), tensor(2.913));
  expect(slope.item()).toBeCloseTo(Math.sin(1.377), 12);
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.filter((text) => /velocity|alert|constructor|inner/.test(text))).toEqual([]);
});

test("README leads to SECURITY.md", () => {
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain("](SECURITY.md)");
});
