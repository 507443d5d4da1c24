// A bundler drops modules that package.json does not list under `sideEffects`. Four of our modules only install
// something when they are loaded. They must survive in bundles that need them, and only there.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Plugin, build } from "esbuild";
import { parseSync } from "oxc-parser";
import { rolldown } from "rolldown";
import { describe, expect, test } from "vitest";
import type * as library from "../src/index.ts";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

const program = `
  import { grad, sin } from "downhill";
  const [dx, dy] = grad((x, y) => x.mul(y).add(sin(x)), { argnums: [0, 1] })(0, 3);
  console.log(dx.item(), dy.item());
`;

async function bundle(plugins: Plugin[], contents: string = program): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    tsconfigRaw: {}, // else the paths of tsconfig.json would lead to src/
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
    plugins,
  });
  return outputFiles[0]?.text ?? "";
}

const run = (code: string, ...flags: readonly string[]) =>
  spawnSync(process.execPath, [...flags, "--input-type=module"], { input: code, encoding: "utf8" });

test("a bundle keeps import-time installations", async () => {
  const { stdout, stderr } = run(await bundle([]));
  expect(stderr).toBe("");
  expect(stdout).toBe("4 0\n");
});

/** Bundles with Rolldown, which skips index files as webpack and Rollup do, unless package.json lists the index. */
async function bundleByRolldown(contents: string): Promise<string> {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/bundle-")); // where "downhill" is the package itself
  const input = join(folder, "program.mjs");
  writeFileSync(input, contents);
  const made = await rolldown({ input, logLevel: "silent" });
  const { output } = await made.generate({ format: "es" });
  rmSync(folder, { recursive: true });
  return output[0].code;
}

test("a bundler that skips re-exporting modules keeps them too", async () => {
  const { stdout, stderr } = run(await bundleByRolldown(program));
  expect(stderr).toBe("");
  expect(stdout).toBe("4 0\n");
});

describe.each([
  ["esbuild", (contents: string) => bundle([], contents)],
  ["Rolldown", bundleByRolldown],
])("by %s", (bundler, make) => {
  const testRest = bundler === "esbuild" ? test : testInCi; // by both properties of dropped modules
  test("the compiler and WebAssembly are left out if nothing is compiled", async () => {
    const code = await make(`
      import { grad, matmul, scan, sum, tanh, tensor } from "downhill";
      const x = tensor([[0.1, 0.2], [0.3, 0.4]]);
      const loss = (w) => sum(tanh(matmul(w, w)));
      const [last] = scan((c, y) => [c.mul(2).add(y), c], 1, [1, 2, 3]);
      const power = (c) => scan((y) => [y.mul(c), y], 1, null, { length: 3 })[0];
      console.log(grad(loss)(x).tolist().flat().length, last.item(), grad(power)(2).item());
    `);
    expect(code).not.toContain("new WebAssembly.");
    expect(code).not.toContain("common subexpressions");
    const expected = { stdout: "4 19 12\n", stderr: "" };
    expect(run(code)).toMatchObject(expected);
    // where a policy forbids generated code, it is interpreted
    expect(run(code, "--disallow-code-generation-from-strings")).toMatchObject(expected);
  });

  test("derivatives of programs are left out without programs", async () => {
    expect(await make(program)).not.toContain("partialEval:"); // a rule of structured primitives
  });

  test("downhill/core has no methods except those that read, and generates no JavaScript", async () => {
    const code = await make(`
      import { add, grad, jit, matmul, mul, sin, sum, tensor } from "downhill/core";
      const f = (x) => sum(add(mul(sin(x), x), matmul(x, x)));
      const slopes = grad(f)([1, 2]);
      const caught = (g) => { try { return g(); } catch (error) { return error.message; } };
      console.log(slopes.tolist().join() === jit(grad(f))(tensor([1, 2])).tolist().join(), slopes.data()[0].toFixed(9));
      console.log(caught(() => slopes.mul(2)));
      console.log(caught(() => slopes * 2).slice(0, 43));
      console.log(caught(() => slopes.length));
    `);
    expect(code).not.toContain("new Function(");
    expect(code).not.toContain("argmaxPrim");
    expect(run(code)).toMatchObject({
      stderr: "",
      stdout: [
        "true 5.381773291",
        'mul: tensors have this method only if "downhill" is imported; with "downhill/core" alone, write mul(x, …).',
        "A tensor cannot be used with JavaScript's o",
        "x.length: a tensor has no length. Its sizes are x.shape, here [2]; that of the first axis is x.shape[0]." +
          ' A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.',
        "",
      ].join("\n"),
    });
  });

  testRest("only the jit of downhill can show compilation stages", async () => {
    const show = (from: string) => `
      import { jit, mul } from "${from}";
      try { console.log(/── kernel/.test(jit((x) => mul(x, x)).lower([1, 2])) ? "text" : ""); }
      catch (error) { console.log(error.message); }
    `;
    expect(run(await make(show("downhill")))).toMatchObject({ stderr: "", stdout: "text\n" });
    const core = await make(show("downhill/core"));
    expect(core).not.toContain("(module ");
    expect(run(core).stdout).toContain('lower: the jit of "downhill/core" cannot show');
  });

  testRest.each([
    ["before", 'import { square } from "downhill/core"; import { tensor } from "downhill";'],
    ["after", 'import { tensor } from "downhill"; import { square } from "downhill/core";'],
  ])("tensors have their methods if downhill is imported %s downhill/core", async (_, imports) => {
    const code = await make(`${imports} console.log(String(square(tensor([1, 2])).mul(3)));`);
    expect(run(code)).toMatchObject({ stderr: "", stdout: "[ 3, 12]\n" });
  });

  testRest.each(["jit", "configure", "enableTurbo"])(
    "%s brings them in for single operations too",
    async (name) => {
      const code = await make(`
      import { exp, full, ${name} } from "downhill";
      let modules = 0;
      const { Module } = WebAssembly;
      globalThis.WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); modules++; } };
      if (typeof ${name} !== "function") throw new Error();
      const before = modules;
      console.log(exp(full([20_000], 0)).at(7).item(), modules > before);
    `);
      expect(run(code)).toMatchObject({ stdout: "1 true\n", stderr: "" });
    },
  );
});

test("a bundle that drops it fails loudly, so the test above can tell", async () => {
  const dropped: Plugin = {
    name: "no-side-effects",
    setup({ onResolve }) {
      onResolve(
        { filter: /runtime\/install\.js$|array\/methods\.js$|\/install\.js$|\/methods\.js$/ },
        ({ path, resolveDir }) => ({
          path: join(resolveDir, path),
          sideEffects: false,
        }),
      );
    },
  };
  const { status } = run(await bundle([dropped]));
  expect(status).not.toBe(0);
});

/** Static imports and re-exports of a module, with the number of names that each statement imports. */
function importsOf(file: string): { readonly path: string; readonly names: number }[] {
  const { staticImports, staticExports } = parseSync(file, readFileSync(join(root, file), "utf8")).module;
  const imports = staticImports.map(({ moduleRequest, entries }) => [moduleRequest.value, entries.length]);
  const exports = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest ? [[moduleRequest.value, 1]] : [])),
  );
  return ([...imports, ...exports] as [string, number][])
    .filter(([path]) => path.startsWith("."))
    .map(([path, names]) => ({ path: posix.join(posix.dirname(file), path), names }));
}

/** A module and all modules that it imports statically. */
function loadedBy(file: string): readonly string[] {
  const read = new Set([file]);
  for (const one of read) for (const { path } of importsOf(one)) read.add(path);
  return [...read];
}

// Messages, stack traces and printed values contain names of functions and classes. Lost annotations keep unused
// modules in bundles.
test("built modules keep function names, class names and annotations, and are ASCII", async () => {
  const code = readFileSync(join(root, "dist/core.js"), "utf8");
  expect(/[^\0-\x7f]/.test(code)).toBe(false);
  expect(code.match(/\/\* @__PURE__ \*\//g)?.length).toBeGreaterThan(500);
  const { DownhillError, Tensor, grad, matmul } = (await import(
    join(root, "dist/index.js")
  )) as typeof library;
  expect([DownhillError, Tensor, grad, matmul].map(({ name }) => name)).toEqual([
    "DownhillError",
    "Tensor",
    "grad",
    "matmul",
  ]);
  let stack = "";
  grad((x) => {
    stack = new Error("here").stack ?? "";
    return x;
  })(1);
  expect(stack).toMatch(/at \w+ \(.*core\.js/);
});

// Node prints the line of an uncaught error: modules without line breaks filled the terminal with 300 KB
test("an uncaught error prints its message, not a whole module", async () => {
  const file = JSON.stringify(join(root, "dist/index.js"));
  const { stderr } = run(`import { matmul } from ${file}; matmul([[1, 2]], [[1]]);`);
  expect(stderr).toContain("inner sizes differ");
  expect(stderr.length).toBeLessThan(2000);
});

describe("sideEffects of package.json", () => {
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly sideEffects: readonly string[];
  };
  const built = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .map((file) => `./dist/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".js"));
  const isListed = (file: string, pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`).test(file);

  test.each(sideEffects)("%s was built", (pattern) => {
    expect(built.filter((file) => isListed(file, pattern))).not.toEqual([]);
  });

  // the installation code of index.js was in an unlisted module: bundles had tensors without methods
  test("name all modules that an entry loads only for their side effects", () => {
    const entries = built.filter((file) => /^\.\/dist\/([^/]+\/)?index\.js$/.test(file));
    expect(entries.length).toBeGreaterThan(10);
    const loaded = entries.flatMap((entry) =>
      importsOf(entry)
        .filter(({ names }) => names === 0)
        .map(({ path }) => `./${path}`),
    );
    expect(loaded.length).toBeGreaterThan(0);
    const isUnknown = (file: string): boolean => !sideEffects.some((pattern) => isListed(file, pattern));
    expect(loaded.filter(isUnknown)).toEqual([]);
  });
});

test("importing downhill loads no unneeded module: decompositions, plain functions, layers", () => {
  const read = loadedBy("dist/index.js");
  expect(read).toContain("dist/core.js");
  const others = read.filter(
    (file) => !/^dist\/(index|base|core[\w-]*|rolldown-runtime|(engine|numeric|entries)\/.*)\.js$/.test(file),
  );
  expect(others).toEqual([]);
});

// `downhill --help` loaded 1.7 MB, because modules of a few lines were in the files of the engine
test("the command loads no engine before it loads one of its commands", () => {
  const read = loadedBy("dist/cli/process.js");
  expect(read).toContain("dist/cli/help.js");
  const bytes = read.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
  expect(read.filter((file) => !/^dist\/(base[\w-]*\.js|cli\/)/.test(file))).toEqual([]);
  expect(bytes).toBeLessThan(60_000);
});
