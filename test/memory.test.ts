// Data that never fit in memory as a whole: the short form of scripts/soak-stream.mjs, which reads 4 GB.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect } from "vitest";
import { extent, testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

let dist = "";
beforeAll(async () => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  dist = mkdtempSync(join(root, ".tmp/memory-"));
  await build({
    entryPoints: [
      ["", "index"],
      ["training/", "data/index"],
      ["training/", "io/index"],
      ["numeric/", "optim/index"],
      ["numeric/", "random/index"],
      ["training/", "train/index"],
    ].map(([group, out]) => ({ in: join(root, `src/${group}${out}.ts`), out: out! })),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    external: ["@dagrejs/dagre"],
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    logLevel: "silent",
  });
});
afterAll(() => rmSync(dist, { recursive: true }));

interface Soak {
  readonly source: string;
  readonly items: number;
  readonly growth: number;
  readonly peak: number;
  readonly error: number;
}

async function soak(source: string, megabytes: number): Promise<Soak> {
  const words = [
    "--sources",
    source,
    "--megabytes",
    String(megabytes),
    "--loop",
    "fit",
    "--json",
    "--dist",
    dist,
  ];
  const child = spawn(process.execPath, [join(root, "scripts/soak-stream.mjs"), ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, problems] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (problems += part.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  expect(problems).toBe("");
  return JSON.parse(out) as Soak;
}

const sources = [
  { source: "generator", megabytes: extent(100, 300), most: extent(66, 200) },
  { source: "worker", megabytes: extent(150, 300), most: extent(100, 200) },
  { source: "npy", megabytes: extent(100, 300), most: extent(66, 200) },
  { source: "csv", megabytes: extent(20, 30), most: 200 }, // temporary strings of numbers
];
testInCi.each(sources.slice(extent(3, 0, 0)))(
  "$megabytes MB from a $source are trained on in less than 300 MB, of which little is for the data",
  async ({ source, megabytes, most }) => {
    const { items, growth, peak, error } = await soak(source, megabytes);
    expect(items).toBeGreaterThan((megabytes * 2 ** 20) / 512); // maximum of bytes per row
    expect(error).toBeLessThan(0.02); // the weights have been learnt
    expect(peak).toBeLessThan(300);
    expect(growth).toBeLessThan(most); // MB; half as much again if all data were retained
  },
  120_000,
);
