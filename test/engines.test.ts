// The library on engines with missing features: equal bits, one warning per disabled feature, and a normal exit.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testOnLinux, testWith } from "./support/conditions.ts";
import { extent, testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

/** Vector functions, products, loops, a scalar function, and enough of them for threads to start. */
const program = `
import { configure, jit, matmul, scan, sin, tanh, exp, tensor, valueAndGrad, grad } from "./src/index.ts";
configure({ reproducible: true, ...JSON.parse(process.argv[2] ?? "{}") });
const array = (n, seed, dtype) => tensor(Float64Array.from({ length: n }, (_, i) => Math.fround(((i * 7919 + seed) % 1000) / 300 - 1.6)), { dtype });
const bits = [];
const note = (...all) => {
  for (const one of all) {
    const data = one.data();
    let hash = 0x811c9dc5;
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) hash = Math.imul(hash ^ byte, 16777619);
    bits.push(hash >>> 0);
  }
};
for (const dtype of ["float32", "float64"]) {
  const [x, y] = [array(5003, 1, dtype), array(5003, 2, dtype)];
  const f = jit(valueAndGrad((a, b) => tanh(a).mul(exp(b.neg())).add(sin(a.mul(b))).sum(), { argnums: [0, 1] }));
  const [value, slopes] = f(x, y);
  note(value, ...slopes);
  const [a, b] = [array(31 * 45, 3, dtype).reshape([31, 45]), array(45 * 29, 4, dtype).reshape([45, 29])];
  note(...jit(grad((p, q) => tanh(matmul(p, q)).sum(), { argnums: [0, 1] }))(a, b));
}
note(jit(grad((k) => scan((c) => [sin(c.mul(k)), null], 1, null, { length: 500 })[0]))(1.2));
const large = array(200 * 160, 5, "float32").reshape([200, 160]);
const product = jit((p, q) => matmul(p, q));
const other = large.reshape([160, 200]);
const repeats = Number(process.argv[3] ?? 1);
for (let i = 0; i < repeats; i++) if (i === repeats - 1) note(product(large, other).sum({ axis: 0 })); else product(large, other);
console.log(JSON.stringify({ bits, backends: product.stats().backends }));
`;

/** The derivative of a sum over an array, of equal numbers. */
const inContext = `
import { configure, grad, jit, sin, tensor } from "./src/index.ts";
globalThis.compute = () => {
  configure({ reproducible: true });
  const f = jit(grad((x) => sin(x.mul(tensor(new Float64Array(5000).fill(1)))).sum()));
  return { slope: f(0.5).item(), backend: f.stats().backends.join() };
};`;

let folder = "";
let script = "";
beforeAll(async () => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/engines-"));
  script = join(folder, "program.mjs");
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    logLevel: "silent",
  });
  writeFileSync(script, outputFiles[0]!.text);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly status: number | null;
  readonly stderr: string;
  readonly bits: readonly number[];
  readonly backends: readonly string[];
}

interface Setting {
  readonly flags?: readonly string[];
  readonly options?: object;
  /** Repetitions of products of large matrices. After some hundred, threads start. */
  readonly repeats?: number;
  /** Limit of the process's address space in KiB. */
  readonly addresses?: number;
}

function run({ flags = [], options = {}, repeats = 1, addresses }: Setting): Run {
  const words = [...flags, script, JSON.stringify(options), String(repeats)];
  const { status, stdout, stderr } =
    addresses === undefined
      ? spawnSync(process.execPath, words, { encoding: "utf8" })
      : spawnSync(
          "sh",
          ["-c", 'ulimit -v "$0" && exec "$@"', String(addresses), process.execPath, ...words],
          {
            encoding: "utf8",
          },
        );
  const seen =
    stdout === "" ? { bits: [], backends: [] } : (JSON.parse(stdout) as Pick<Run, "bits" | "backends">);
  return { status, stderr, ...seen };
}

const major = Number(process.versions.v8.split(".")[0]);

describe("the same bits as ever", () => {
  let usual: Run;
  beforeAll(() => {
    usual = run({});
    expect(usual).toMatchObject({ status: 0, stderr: "", backends: ["wasm"] });
  });

  const withoutParts = [
    ["without vectors", "--no-enable-sse4-1"],
    ["where nothing is compiled well later", "--liftoff-only"],
    ["without JavaScript from text", "--disallow-code-generation-from-strings"],
    ["with frozen intrinsics", "--frozen-intrinsics"],
    ["where memories have few pages", "--wasm-max-mem-pages=1000"],
    ["without fused products", "--no-enable-fma3"],
    ["without AVX", "--no-enable-avx"],
    ["without traps of the processor", "--disable-wasm-trap-handler"],
    ["without __proto__", "--disable-proto=throw"],
  ] as const;
  test.each(withoutParts.slice(0, extent(3, 9, 9)))("%s", (_, flag) => {
    const { status, stderr, bits, backends } = run({ flags: ["--no-warnings", flag] });
    expect({ status, stderr, backends }).toEqual({ status: 0, stderr: "", backends: ["wasm"] });
    expect(bits).toEqual(usual.bits);
  });

  testWith("V8 13 or newer (NODE_24)", major >= 13)(
    "where somebody else has V8 make vectors of 256 bits",
    () => {
      const { status, stderr, bits } = run({ flags: ["--experimental-wasm-revectorize", "--no-liftoff"] });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(bits).toEqual(usual.bits);
    },
  );

  test("without WebAssembly, as JavaScript after a warning", () => {
    const { status, stderr, bits, backends } = run({ flags: ["--jitless"] });
    expect({ status, backends }).toEqual({ status: 0, backends: ["js"] });
    expect(stderr.match(/downhill: .*/g)).toEqual([
      "downhill: this engine runs without WebAssembly (Node does under --jitless), so functions of arrays are compiled to " +
        "JavaScript, which is several times slower.",
    ]);
    expect(bits).toEqual(usual.bits);
  });

  describe("with a small address space", () => {
    testOnLinux("for the memory of WebAssembly, whatever the engine does without", () => {
      const { status, stderr, bits, backends } = run({ addresses: 3_000_000 });
      expect(status).toBe(0);
      expect(bits).toEqual(usual.bits);
      if (backends[0] === "wasm") return expect(stderr).toBe("");
      expect(stderr.match(/downhill: .*/g)).toEqual([
        expect.stringContaining("the engine has no memory for WebAssembly: it may reserve too few addresses"),
      ]);
    });

    testInCi("for threads, of which V8 would end the process", () => {
      const addresses = major >= 13 ? 3_000_000 : 12_000_000; // older engines need ten GiB for a memory
      const { status, stderr, bits, backends } = run({ addresses, repeats: 500, options: { threads: 8 } });
      expect({ status, backends }).toEqual({ status: 0, backends: ["wasm"] });
      expect(stderr.match(/downhill: .*/g)).toEqual([
        expect.stringMatching(
          /^downhill: the limit of address space \(ulimit -v\) is too low for 8 threads; /,
        ),
      ]);
      expect(bits).toEqual(usual.bits);
    });
  });

  test("in a context of node:vm that has nothing but the language", async () => {
    const { outputFiles } = await build({
      stdin: { contents: inContext, resolveDir: root },
      bundle: true,
      write: false,
      format: "iife",
      ignoreAnnotations: true,
      logLevel: "silent",
    });
    const computed = runInNewContext(outputFiles[0]!.text + "; compute()") as {
      slope: number;
      backend: string;
    };
    expect(computed.slope).toBeCloseTo(Math.cos(0.5) * 5000, 9);
    expect(computed.backend).toBe("wasm");
  });
});
