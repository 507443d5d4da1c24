// A bundler drops modules that package.json does not list under `sideEffects`. Two modules of ours only install
// something when they are loaded, and have to survive.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, build } from "esbuild";
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
  for (const path of manifest.sideEffects) expect(existsSync(join(root, path)), path).toBe(true);
});
