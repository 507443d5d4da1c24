// Threads in pages: with shared memory, without it, and under policies that forbid threads or all generated code.
import { createHash } from "node:crypto";
import { beforeAll, expect } from "vitest";
import { configure, jit, matmul, tensor } from "downhill";
import { key, normal } from "downhill/random";
import { type BrowserTest, describePageInCi, type ServedPage } from "./support/browser.ts";
import { pageScript } from "./support/page-script.ts";

const program = `
  import { configure, jit, matmul, tensor } from "./src/index.ts";
  import { key, normal } from "./src/numeric/random/index.ts";
  import { wasmArena } from "./src/engine/backends/wasm/host/arena.ts";
  import { threadPool } from "./src/engine/backends/wasm/host/threads/pool.ts";

  const matrix = (n, seed) => tensor(normal(key(seed), n * n)).reshape([n, n]);
  const compute = async (n, threads, repeats) => {
    configure({ reproducible: true, ...(threads === undefined ? {} : { threads }) });
    const f = jit((a, b) => matmul(a, b));
    const [a, b] = [matrix(n, 1), matrix(n, 2)];
    let bits = "";
    const pool = () => (threads === 1 || !crossOriginIsolated ? undefined : threadPool(f.stats().threads, wasmArena()));
    for (let i = 0; i < repeats && !(pool()?.doneByOthers() > 0); i++) {
      const digest = await crypto.subtle.digest("SHA-256", Float64Array.from(f(a, b).data()));
      bits = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      await new Promise((resolve) => setTimeout(resolve)); // a page waits for workers to load
    }
    const { threads: found, backends, shared } = f.stats();
    return { bits, threads: found, shared, backend: backends[0], others: pool()?.doneByOthers() ?? 0 };
  };
  // by the page's own event loop: what runs on behalf of a test may generate code whatever the policy says
  window.product = (...args) => new Promise((resolve) => setTimeout(() => resolve(compute(...args))));`;

interface Product {
  /** The hash of the bits. */
  readonly bits: string;
  readonly threads: number;
  readonly shared: number;
  readonly backend: string;
  /** Units of work done by other threads. */
  readonly others: number;
}

interface Program {
  readonly product: (n: number, threads: number | undefined, repeats: number) => Promise<Product>;
}

const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

let script = "";
beforeAll(async () => {
  script = await pageScript(program);
});

function page(headers: ServedPage["headers"], mayReport?: RegExp): ServedPage {
  return {
    html: `<title>threads</title><script>${script}</script>`,
    headers,
    ...(mayReport && { mayReport }),
  };
}

type Tab = Awaited<ReturnType<BrowserTest["open"]>>;

async function productIn(tab: Tab, n: number, threads?: number, repeats = 3): Promise<Product> {
  return tab.evaluate(
    async ([size, count, times]) => (globalThis as unknown as Program).product(size, count, times),
    [n, threads, repeats] as const,
  );
}

const matrix = (n: number, seed: number) => tensor(normal(key(seed), n * n)).reshape([n, n]);

/** The hash of the bits of the same product, computed here by one thread. */
function productHere(n: number): string {
  configure({ reproducible: true, threads: 1 });
  const product = jit((a: ReturnType<typeof matrix>, b: typeof a) => matmul(a, b))(
    matrix(n, 1),
    matrix(n, 2),
  );
  configure({});
  return createHash("sha256").update(Float64Array.from(product.data())).digest("hex");
}

describePageInCi("a page", {
  "that is isolated from other origins has threads from its first long kernel on, and the bits of one":
    async ({ open }) => {
      const tab = await open(page(isolated));
      expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
      const alone = await productIn(tab, 256, 1);
      expect(alone.threads).toBe(1);
      await productIn(tab, 32, 3);
      expect(tab.workers()).toHaveLength(0);
      const shared = await productIn(tab, 256, 3, Infinity);
      expect(tab.workers()).toHaveLength(2);
      expect(shared).toMatchObject({ threads: 3, shared: 1, backend: "wasm" });
      expect(shared.others).toBeGreaterThan(0);
      expect(shared.bits).toEqual(alone.bits);
      expect(shared.bits).toEqual(productHere(256));
    },

  "that is isolated has by default one thread per processor": async ({ open }) => {
    const tab = await open(page(isolated));
    const { threads } = await productIn(tab, 32);
    expect(threads).toBe(Math.min(8, await tab.evaluate(() => navigator.hardwareConcurrency)));
  },

  "ends its threads when they are turned off": async ({ open }) => {
    const tab = await open(page(isolated));
    await productIn(tab, 256, 2, Infinity);
    expect(tab.workers()).toHaveLength(1);
    const ended = tab.workers()[0]!.waitForEvent("close");
    await productIn(tab, 256, 1);
    await ended;
    expect(tab.workers()).toHaveLength(0);
  },

  "that is not isolated has one thread, without a warning": async ({ open }) => {
    const tab = await open(page({}));
    const told: string[] = [];
    tab.on("console", (message) => told.push(message.text()));
    expect(await tab.evaluate(() => crossOriginIsolated)).toBe(false);
    const product = await productIn(tab, 256, 4);
    expect(product).toMatchObject({ threads: 1, shared: 0, backend: "wasm" });
    expect(product.bits).toEqual(productHere(256));
    expect(tab.workers()).toHaveLength(0);
    expect(told).toEqual([]);
  },

  "whose policy forbids workers of blobs computes with one": async ({ open }) => {
    const policy = { "Content-Security-Policy": "script-src 'unsafe-inline' 'unsafe-eval'" };
    const tab = await open(page({ ...isolated, ...policy }, /worker.*Content Security Policy/i));
    const product = await productIn(tab, 256, 3, 20);
    expect(product).toMatchObject({ threads: 3, shared: 1, backend: "wasm", others: 0 });
    expect(product.bits).toEqual(productHere(256));
    expect(tab.workers()).toHaveLength(0);
  },

  "whose policy allows WebAssembly alone has threads too": async ({ open }) => {
    const policy = {
      "Content-Security-Policy": "script-src 'unsafe-inline' 'wasm-unsafe-eval'; worker-src blob:",
    };
    const tab = await open(page({ ...isolated, ...policy }));
    const product = await productIn(tab, 256, 2, Infinity);
    expect(product).toMatchObject({ threads: 2, backend: "wasm" });
    expect(product.others).toBeGreaterThan(0);
    expect(product.bits).toEqual(productHere(256));
  },

  "whose policy forbids generated code is interpreted, by one thread, and warned once": async ({ open }) => {
    const policy = { "Content-Security-Policy": "script-src 'unsafe-inline'" };
    const tab = await open(page({ ...isolated, ...policy }));
    const told: string[] = [];
    tab.on("console", (message) => told.push(message.text()));
    const product = await productIn(tab, 24, undefined, 2);
    await productIn(tab, 25, undefined, 2);
    expect(product).toMatchObject({ threads: 1, shared: 0, backend: "interp" });
    expect(product.bits).toEqual(productHere(24));
    expect(told).toEqual([expect.stringMatching(/functions are interpreted.*'wasm-unsafe-eval'/)]);
  },
});
