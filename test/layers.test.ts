import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const script: string = "../scripts/check-layers.mjs"; // the script has no declarations
const { checkLayers } = (await import(script)) as {
  checkLayers: (root: string) => { readonly problems: readonly string[]; readonly summary: string };
};
const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

/** Runs the layer check on a temporary source tree. */
function check(sources: Readonly<Record<string, string>>): { ok: boolean; output: string } {
  const root = mkdtempSync(join(tmpdir(), "downhill-layers-"));
  trees.push(root);
  const files = {
    "package.json": JSON.stringify({ name: "downhill", dependencies: { citty: "1" } }),
    "layers.json": JSON.stringify({
      order: ["engine/util", "engine/kernel", "engine/ir", "engine/backends", "cli"],
      only: { "engine/backends": ["engine/util", "engine/kernel"] },
      separate: ["engine/backends"],
      inside: {},
      node: ["cli"],
    }),
    ...sources,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { problems, summary } = checkLayers(root);
  return { ok: problems.length === 0, output: [...problems, summary, ""].join("\n") };
}

const clean = {
  "src/engine/util/a.ts": `export const a = 1;`,
  "src/engine/kernel/b.ts": `import { a } from "../util/a.ts";\nexport const b = a;`,
};

describe("the layer check", () => {
  test("passes a clean tree and reports its size", () => {
    expect(check(clean)).toEqual({ ok: true, output: "layers: 2 files, 1 imports, 0 problems\n" });
  });

  test("fails on a tree without sources", () => {
    const { ok, output } = check({});
    expect(ok).toBe(false);
    expect(output).toContain("no source file was found");
  });

  test("fails on sources without a single import", () => {
    const { ok, output } = check({ "src/engine/util/a.ts": `export const a = 1;` });
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
    const { ok, output } = check({ ...clean, "src/engine/util/c.ts": text });
    expect(ok).toBe(false);
    expect(output).toContain(
      `src/engine/util/c.ts:1: import of "../kernel/b.ts": engine/util stands before engine/kernel`,
    );
  });

  test("refuses a cycle at run time and shows it", () => {
    const { ok, output } = check({
      ...clean,
      "src/engine/ir/a.ts": `import { b } from "./b.ts";\nexport const a = () => b;`,
      "src/engine/ir/b.ts": `import { c } from "./c.ts";\nexport const b = () => c;`,
      "src/engine/ir/c.ts": `import { a } from "./a.ts";\nexport const c = () => a;`,
    });
    expect(ok).toBe(false);
    expect(output).toContain(
      "import cycle: engine/ir/a.ts -> engine/ir/b.ts -> engine/ir/c.ts -> engine/ir/a.ts",
    );
  });

  test("lets types of one folder refer to one another", () => {
    const { ok } = check({
      ...clean,
      "src/engine/ir/a.ts": `import type { B } from "./b.ts";\nexport interface A { b: B }`,
      "src/engine/ir/b.ts": `import type { A } from "./a.ts";\nexport interface B { a: A }`,
    });
    expect(ok).toBe(true);
  });

  test("keeps backends apart from one another and from the program", () => {
    const { ok, output } = check({
      ...clean,
      "src/engine/ir/a.ts": `export const a = 1;`,
      "src/engine/backends/js/a.ts": `import { a } from "../../ir/a.ts";\nexport const j = a;`,
      "src/engine/backends/interp/a.ts": `import { j } from "../js/a.ts";\nexport const i = j;`,
    });
    expect(ok).toBe(false);
    expect(output).toContain("engine/backends may import only engine/util, engine/kernel");
    expect(output).toContain("engine/backends/interp and engine/backends/js are separate");
  });

  test.each([
    ["a package that is no dependency", `import "left-pad";`, "not among the dependencies"],
    ["Node's modules in a folder that runs in browsers", `import "node:fs";`, "only cli may use"],
    ["the package by its own name", `import "downhill";`, "relative path"],
    ["a missing file", `import "./gone.ts";`, "no such file"],
    ["a test", `import "./a.test.ts";`, "may not import a test"],
    ["the face of the package", `import "../../index.ts";`, "face of the package"],
  ])("refuses an import of %s", (_, text, why) => {
    const { ok, output } = check({
      ...clean,
      "src/index.ts": `export * from "./engine/util/a.ts";`,
      "src/engine/util/a.test.ts": ``,
      "src/engine/util/c.ts": text,
    });
    expect(ok).toBe(false);
    expect(output).toContain(why);
  });

  test("refuses a folder that is not in layers.json, and loose files", () => {
    const { ok, output } = check({ ...clean, "src/misc/a.ts": `export {};`, "src/b.ts": `export {};` });
    expect(ok).toBe(false);
    expect(output).toContain("src/misc/a.ts: misc is not in layers.json");
    expect(output).toContain("src/b.ts: only index.ts may be directly in src/");
  });

  test("checks the order of sub-folders in a folder", () => {
    const layers = (inside: readonly string[]): string =>
      JSON.stringify({
        order: ["engine/backends"],
        only: {},
        separate: [],
        inside: { "engine/backends/js": inside },
        node: [],
      });
    const sources = {
      "src/engine/backends/js/text/a.ts": `import { b } from "../names/b.ts";\nexport const a = b;`,
      "src/engine/backends/js/names/b.ts": `export const b = 1;`,
      "src/engine/backends/js/index.ts": `export * from "./text/a.ts";`,
    };
    expect(check({ ...sources, "layers.json": layers(["names", "text"]) }).ok).toBe(true);
    const turned = check({ ...sources, "layers.json": layers(["text", "names"]) });
    expect(turned.ok).toBe(false);
    expect(turned.output).toContain("text stands before names inside engine/backends/js");
    const upwards = {
      "src/engine/backends/js/names/c.ts": `import { a } from "../index.ts";\nexport const c = a;`,
    };
    expect(check({ ...sources, ...upwards, "layers.json": layers(["names", "text"]) }).output).toContain(
      "files directly in engine/backends/js come after its sub-folders",
    );
    expect(check({ ...sources, "layers.json": layers(["names"]) }).output).toContain(
      "src/engine/backends/js/text: not in the order inside engine/backends/js",
    );
    expect(check({ ...sources, "layers.json": layers(["names", "text", "gone"]) }).output).toContain(
      "there is no src/engine/backends/js/gone",
    );
  });

  describe("the interface of a group", () => {
    const layers = (listed: readonly string[]): string =>
      JSON.stringify({
        order: ["engine/util", "engine/ir", "cli"],
        only: {},
        separate: [],
        inside: {},
        node: [],
        interface: { engine: listed },
      });
    const sources = {
      "src/engine/util/a.ts": `export const a = 1;`,
      "src/engine/ir/index.ts": `export { b } from "./b.ts";`,
      "src/engine/ir/b.ts": `import { a } from "../util/a.ts";\nexport const b = a;`,
      "src/cli/c.ts": `import { b } from "../engine/ir/index.ts";\nexport const c = b;`,
    };

    test("may be imported from outside, and its other files from inside", () => {
      expect(check({ ...sources, "layers.json": layers(["engine/ir/index.ts"]) }).output).toBe(
        "layers: 4 files, 3 imports, 0 problems\n",
      );
    });

    test.each([
      ["an import", `import { b } from "../engine/ir/b.ts";\nexport const d = b;`],
      ["a type import", `import type { b } from "../engine/ir/b.ts";\nexport type D = typeof b;`],
      ["a re-export", `export { b } from "../engine/ir/b.ts";`],
      ["a dynamic import", `export const d = async () => import("../engine/ir/b.ts");`],
    ])("refuses %s of another file from outside", (_, text) => {
      const { ok, output } = check({
        ...sources,
        "src/cli/d.ts": text,
        "layers.json": layers(["engine/ir/index.ts"]),
      });
      expect(ok).toBe(false);
      expect(output).toContain(
        `src/cli/d.ts:1: import of "../engine/ir/b.ts": not in the interface of engine (layers.json)`,
      );
    });

    test("refuses the entry of the package too", () => {
      const entry = { "src/index.ts": `export * from "./engine/ir/b.ts";` };
      const { output } = check({ ...sources, ...entry, "layers.json": layers(["engine/ir/index.ts"]) });
      expect(output).toContain(`src/index.ts:1: import of "./engine/ir/b.ts": not in the interface`);
    });

    test.each([
      ["only imported from inside", "engine/util/a.ts"],
      ["missing", "engine/ir/gone.ts"],
    ])("refuses a listed file that is %s", (_, listed) => {
      const { ok, output } = check({ ...sources, "layers.json": layers(["engine/ir/index.ts", listed]) });
      expect(ok).toBe(false);
      expect(output).toContain(`layers.json: no file outside engine imports src/${listed}`);
    });
  });

  test("does not look at tests", () => {
    const { ok } = check({ ...clean, "src/engine/util/c.test.ts": `import { b } from "../kernel/b.ts";` });
    expect(ok).toBe(true);
  });
});
