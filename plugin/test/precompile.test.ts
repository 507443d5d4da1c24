import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser } from "../../test/support/browser.ts";
import { makeProject } from "./project.ts";

const build = (target: string): string => `import { build } from "esbuild";
import downhill from "downhill-plugin/esbuild";
await build({
  entryPoints: ["app.ts"], outfile: "${target}.js", bundle: true, minify: true, format: "iife", logLevel: "silent",
  plugins: [downhill({ precompile: ${target === "none" ? "[]" : `"${target}"`} })],
});`;

const project = makeProject({
  "app.ts": `import { grad } from "downhill";
function loss(x: number[]): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < x.length; i++) for (const y of x) s += Math.exp(Math.sin(x[i]! * y));
  return s;
}
// the lengths of all modules that are compiled
const lengths: number[] = [];
const { Module } = WebAssembly;
(WebAssembly as { Module: unknown }).Module = class extends Module {
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super(bytes);
    lengths.push(bytes.length);
  }
};
const slopes = grad(loss)(Array.from({ length: 5 }, (_, i) => i + 1));
const result = JSON.stringify({ slopes, lengths });
console.log(result);
Object.assign(globalThis, { result });
`,
  ...Object.fromEntries(["none", "node", "page"].map((target) => [`build-${target}.mjs`, build(target)])),
});
afterAll(() => {
  project.remove();
});

interface Result {
  readonly slopes: readonly number[];
  readonly lengths: readonly number[];
}
const bundle = (target: string): string => readFileSync(join(project.folder, `${target}.js`), "utf8");

/**
 * Bytes of the module in a bundle. Its addresses have a fixed five bytes each, so that no other module has this length.
 */
function recordedLength(target: string): number {
  const [, bytes] = /\bbytes:"([A-Za-z0-9+/=]{100,})"/.exec(bundle(target)) ?? [];
  return Buffer.from(bytes ?? "", "base64").length;
}

beforeAll(async () => {
  for (const target of ["none", "node", "page"]) {
    const { status, stderr } = await project.node([`build-${target}.mjs`]);
    expect([status, stderr]).toEqual([0, ""]);
  }
});

test("Node runs what was compiled for Node, with the same bits", async () => {
  const [none, node, page] = await Promise.all(
    ["none", "node", "page"].map(
      async (target) => JSON.parse((await project.node([`${target}.js`])).stdout) as Result,
    ),
  );
  expect(recordedLength("none")).toBe(0);
  expect(node!.lengths).toContain(recordedLength("node"));
  expect(none!.lengths).not.toContain(recordedLength("node"));
  expect(node!.slopes).toEqual(none!.slopes);
  expect(page).toEqual(none); // modules for pages are skipped
});

describeInBrowser("a page", {
  "runs what was compiled for pages, with the same bits": async ({ open }) => {
    const results: Result[] = [];
    for (const target of ["none", "node", "page"]) {
      const page = await open(
        `<!doctype html><script>${bundle(target).replaceAll("</script", "<\\/script")}</script>`,
      );
      results.push(
        JSON.parse(await page.evaluate(() => (globalThis as unknown as { result: string }).result)) as Result,
      );
    }
    const [none, node, page] = results;
    expect(page!.lengths).toContain(recordedLength("page"));
    expect(none!.lengths).not.toContain(recordedLength("page"));
    expect(page!.slopes).toEqual(none!.slopes);
    expect(node).toEqual(none);
  },
});
