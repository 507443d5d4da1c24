import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileResolver } from "../src/files.ts";
import { namedPackages, workspaceFile } from "../src/packages.ts";
import { transform } from "../src/transform.ts";
import { makeProject } from "./project.ts";

const manifest = (fields: object): string => JSON.stringify({ type: "module", ...fields });
const project = makeProject({
  "packages/springs/package.json": manifest({
    name: "@lab/springs",
    exports: {
      ".": { types: "./types.d.ts", require: "./old.cjs", import: "./src/index.ts" },
      "./parts/*": "./src/parts/*.ts",
      "./parts/*/inner": [{ node: "./src/inner/*.ts" }],
      "./hidden": null,
    },
  }),
  "packages/springs/src/index.ts": `
export interface Spring { readonly k: number; readonly rest: number }
export const energy = ({ k, rest }: Spring, x: number): number => 0.5 * k * (x - rest) ** 2;`,
  "packages/sums/package.json": manifest({ name: "sums", exports: "./sums.ts" }),
  "packages/plain/package.json": manifest({ name: "plain", main: "lib/main" }),
  "node_modules/installed/package.json": manifest({ name: "installed", main: "index.js" }),
  "node_modules/installed/index.js": `import { half } from "./half.js";
/** @param {number} x */
export const energy = (x) => half(x * x);`,
  "node_modules/installed/half.js": "export function half(x) { return 0.5 * x; }",
  "node_modules/@lab/note.txt": "packages of this scope lie elsewhere",
  "app.ts": `import { grad } from "downhill";
import { energy, type Spring } from "@lab/springs";
function total(spring: Spring, xs: number[]): number {
  "use ad";
  let sum = 0;
  for (const x of xs) sum += energy(spring, x);
  return sum;
}
console.log(JSON.stringify(grad(total)({ k: 2, rest: 1 }, [1, 2, 3])));
`,
});
for (const [name, folder] of [
  ["@lab/springs", "springs"],
  ["sums", "sums"],
  ["plain", "plain"],
])
  symlinkSync(
    join(project.folder, "packages", folder!),
    join(project.folder, "node_modules", name!),
    "junction",
  );
afterAll(() => {
  project.remove();
});

describe("installed packages", () => {
  const file = join(project.folder, "use.ts");
  const text = `import { energy } from "installed";
export function f(x: number): number { "use ad"; return 3 * energy(x); }`;

  test("are followed if the option or the variable names them", () => {
    const seen: string[] = [];
    const resolve = fileResolver((one) => seen.push(one), undefined, ["installed"]);
    expect(transform(text, file, resolve)!.code).toContain('"mul"');
    expect(seen.map((one) => one.split("/").at(-1))).toEqual(["index.js", "half.js"]);
    expect(namedPackages(" installed, @lab/springs,")).toEqual(["installed", "@lab/springs"]);
    expect(namedPackages(undefined)).toEqual([]);
  });

  test("are refused with the repair otherwise", () => {
    const message = 'energy is imported from "installed", which cannot be read here';
    expect(() =>
      transform(
        text,
        file,
        fileResolver(() => undefined, undefined, []),
      ),
    ).toThrow(message);
    expect(() =>
      transform(
        text,
        file,
        fileResolver(() => undefined, undefined, []),
      ),
    ).toThrow("name the package in the option packages");
  });
});

describe("packages of the same workspace", () => {
  test.each([
    ["@lab/springs", "springs/src/index.ts"],
    ["@lab/springs/parts/coil", "springs/src/parts/coil.ts"],
    ["@lab/springs/parts/coil/inner", "springs/src/inner/coil.ts"],
    ["@lab/springs/hidden", undefined],
    ["@lab/springs/src/index.ts", undefined], // not exported
    ["sums", "sums/sums.ts"],
    ["plain", "plain/lib/main"],
    ["plain/lib/deep.ts", "plain/lib/deep.ts"],
    ["installed", undefined],
    ["node:fs", undefined],
    ["missing", undefined],
  ])("%s leads to %s", (specifier, file) => {
    expect(workspaceFile(specifier, join(project.folder, "src/deep/app.ts"))).toBe(
      file && join(project.folder, "packages", file),
    );
  });

  test("hold helpers and types of marked functions", async () => {
    const { stdout, stderr } = await project.node(["--import", "downhill-plugin/register", "app.ts"]);
    expect(stderr).toBe("");
    expect(stdout).toBe('{"k":2.5,"rest":-6}\n');
  });
});
