import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const script = join(import.meta.dirname, "../scripts/check-layers.mjs");
const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

/** Runs the layer check over a tree of its own. */
function check(sources: Readonly<Record<string, string>>): { ok: boolean; output: string } {
  const root = mkdtempSync(join(tmpdir(), "downhill-layers-"));
  trees.push(root);
  const files = {
    "package.json": JSON.stringify({ name: "downhill", dependencies: { citty: "1" } }),
    "layers.json": JSON.stringify({
      order: ["util", "kernel", "ir", "backends", "cli"],
      only: { backends: ["util", "kernel"] },
      separate: ["backends"],
      node: ["cli"],
    }),
    ...sources,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { ok: status === 0, output: stderr + stdout };
}

const clean = {
  "src/util/a.ts": `export const a = 1;`,
  "src/kernel/b.ts": `import { a } from "../util/a.ts";\nexport const b = a;`,
};

describe("the layer check", () => {
  test("passes a clean tree and tells how much it saw", () => {
    expect(check(clean)).toEqual({ ok: true, output: "layers: 2 files, 1 imports, 0 problems\n" });
  });

  test("fails on a tree without sources", () => {
    const { ok, output } = check({});
    expect(ok).toBe(false);
    expect(output).toContain("no source file was found");
  });

  test("fails on sources without a single import", () => {
    const { ok, output } = check({ "src/util/a.ts": `export const a = 1;` });
    expect(ok).toBe(false);
    expect(output).toContain("no import was found");
  });

  test.each([
    ["an import", `import { b } from "../kernel/b.ts";\nexport const c = b;`],
    ["a type import", `import type { b } from "../kernel/b.ts";\nexport type C = typeof b;`],
    ["a re-export", `export * from "../kernel/b.ts";`],
    ["a named re-export", `export { b } from "../kernel/b.ts";`],
    ["a dynamic import", `export const c = async () => import("../kernel/b.ts");`],
    ["an import type", `export type C = typeof import("../kernel/b.ts");`],
  ])("refuses %s that leads upwards", (_, text) => {
    const { ok, output } = check({ ...clean, "src/util/c.ts": text });
    expect(ok).toBe(false);
    expect(output).toContain(`src/util/c.ts:1: import of "../kernel/b.ts": util stands before kernel`);
  });

  test("refuses a cycle at run time and shows it", () => {
    const { ok, output } = check({
      ...clean,
      "src/ir/a.ts": `import { b } from "./b.ts";\nexport const a = () => b;`,
      "src/ir/b.ts": `import { c } from "./c.ts";\nexport const b = () => c;`,
      "src/ir/c.ts": `import { a } from "./a.ts";\nexport const c = () => a;`,
    });
    expect(ok).toBe(false);
    expect(output).toContain("import cycle: ir/a.ts -> ir/b.ts -> ir/c.ts -> ir/a.ts");
  });

  test("lets types of one folder refer to one another", () => {
    const { ok } = check({
      ...clean,
      "src/ir/a.ts": `import type { B } from "./b.ts";\nexport interface A { b: B }`,
      "src/ir/b.ts": `import type { A } from "./a.ts";\nexport interface B { a: A }`,
    });
    expect(ok).toBe(true);
  });

  test("keeps backends apart from one another and from the program", () => {
    const { ok, output } = check({
      ...clean,
      "src/ir/a.ts": `export const a = 1;`,
      "src/backends/js/a.ts": `import { a } from "../../ir/a.ts";\nexport const j = a;`,
      "src/backends/interp/a.ts": `import { j } from "../js/a.ts";\nexport const i = j;`,
    });
    expect(ok).toBe(false);
    expect(output).toContain("backends may import only util, kernel");
    expect(output).toContain("backends/interp and backends/js are separate");
  });

  test.each([
    ["a package that is no dependency", `import "left-pad";`, "not among the dependencies"],
    ["Node's modules in a folder that runs in browsers", `import "node:fs";`, "only cli may use"],
    ["the package by its own name", `import "downhill";`, "relative path"],
    ["a missing file", `import "./gone.ts";`, "no such file"],
    ["a test", `import "./a.test.ts";`, "may not import a test"],
    ["the face of the package", `import "../index.ts";`, "face of the package"],
  ])("refuses an import of %s", (_, text, why) => {
    const { ok, output } = check({
      ...clean,
      "src/index.ts": `export * from "./util/a.ts";`,
      "src/util/a.test.ts": ``,
      "src/util/c.ts": text,
    });
    expect(ok).toBe(false);
    expect(output).toContain(why);
  });

  test("refuses a folder that is not in layers.json, and loose files", () => {
    const { ok, output } = check({ ...clean, "src/misc/a.ts": `export {};`, "src/b.ts": `export {};` });
    expect(ok).toBe(false);
    expect(output).toContain("src/misc/a.ts: misc is not in layers.json");
    expect(output).toContain("src/b.ts: only index.ts may lie loose in src/");
  });

  test("does not look at tests", () => {
    const { ok } = check({ ...clean, "src/util/c.test.ts": `import { b } from "../kernel/b.ts";` });
    expect(ok).toBe(true);
  });
});
