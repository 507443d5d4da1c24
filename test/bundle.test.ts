// A bundler drops modules that package.json does not list under `sideEffects`. Two modules of ours only install
// something when they are loaded, and have to survive.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, build } from "esbuild";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const program = `
  import { grad, sin } from "downhill";
  const [dx, dy] = grad((x, y) => x.mul(y).add(sin(x)), { argnums: [0, 1] })(0, 3);
  console.log(dx.item(), dy.item());
`;

async function bundle(plugins: Plugin[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
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

const run = (code: string) =>
  spawnSync(process.execPath, ["--input-type=module"], { input: code, encoding: "utf8" });

test("a bundle keeps what is installed at import time", async () => {
  const { stdout, stderr } = run(await bundle([]));
  expect(stderr).toBe("");
  expect(stdout).toBe("4 0\n");
});

test("a bundler that skips modules which only hand names on keeps it too", async () => {
  // webpack, Rollup and Rolldown go past an index file to the module of a name, unless package.json lists the index
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/bundle-")); // where "downhill" is the package itself
  const input = join(folder, "program.mjs");
  writeFileSync(input, program);
  const bundle = await rolldown({ input, logLevel: "silent" });
  const { output } = await bundle.generate({ format: "es" });
  rmSync(folder, { recursive: true });
  const { stdout, stderr } = run(output[0].code);
  expect(stderr).toBe("");
  expect(stdout).toBe("4 0\n");
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

test("every module listed under sideEffects was built", async () => {
  const { default: manifest } = (await import("../package.json", { with: { type: "json" } })) as {
    default: { sideEffects: string[] };
  };
  const subpaths = ["optim", "nn", "data", "train", "viz", "landscapes", "testing"];
  const paths = manifest.sideEffects.flatMap((path) =>
    path.includes("*") ? subpaths.map((subpath) => path.replace("*", subpath)) : path,
  );
  for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true);
});
