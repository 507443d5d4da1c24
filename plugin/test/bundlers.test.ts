import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { testWith } from "../../test/support/conditions.ts";
import { app, makeProject, printed, type Project, refused } from "./project.ts";

/** Build script of each bundler: imports, and the body of a function of the file names `entry` and `out`. */
const builds: Readonly<Record<string, readonly [imports: string, body: string]>> = {
  vite: [
    `import { build } from "vite";`,
    `await build({
      configFile: false,
      logLevel: "silent",
      plugins: [downhill()],
      build: { lib: { entry, formats: ["es"], fileName: () => out }, outDir: ".", emptyOutDir: false, sourcemap: true },
    });`,
  ],
  rollup: [
    `import { transformSync } from "esbuild";
    import { rollup } from "rollup";
    const types = {
      name: "types",
      transform: (code, id) =>
        id.endsWith(".ts") ? transformSync(code, { loader: "ts", sourcemap: true, sourcefile: id }) : null,
    };`,
    `const bundle = await rollup({ input: entry, external: /^downhill/, plugins: [downhill(), types] });
    await bundle.write({ file: out, sourcemap: true });`,
  ],
  // as @rollup/plugin-typescript does
  "rollup, where modules are loaded without types,": [
    `import { readFileSync } from "node:fs";
    import { transformSync } from "esbuild";
    import { rollup } from "rollup";
    const types = {
      name: "types",
      load: (id) =>
        id.endsWith(".ts")
          ? transformSync(readFileSync(id, "utf8"), { loader: "ts", sourcemap: true, sourcefile: id })
          : null,
    };`,
    `const bundle = await rollup({ input: entry, external: /^downhill/, plugins: [downhill(), types] });
    await bundle.write({ file: out, sourcemap: true });`,
  ],
  rolldown: [
    `import { build } from "rolldown";`,
    `await build({
      input: entry,
      external: /^downhill/,
      checks: { bundlerTimings: false },
      plugins: [downhill()],
      output: { file: out, sourcemap: true },
    });`,
  ],
  esbuild: [
    `import { build } from "esbuild";`,
    `await build({
      entryPoints: [entry],
      outfile: out,
      bundle: true,
      external: ["downhill"],
      format: "esm",
      platform: "node",
      sourcemap: true,
      logLevel: "silent",
      plugins: [downhill()],
    });`,
  ],
  webpack: [
    `import webpack from "webpack";`,
    webpackLike("webpack", `loader: import.meta.dirname + "/types.cjs"`),
  ],
  rspack: [
    `import { rspack } from "@rspack/core";`,
    webpackLike(
      "rspack",
      `loader: "builtin:swc-loader", options: { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }`,
    ),
  ],
};

function webpackLike(call: string, loader: string): string {
  return `const config = {
    mode: "none",
    target: "node20",
    entry: "./" + entry,
    devtool: "source-map",
    experiments: { outputModule: true },
    externalsType: "module",
    externals: ["downhill", "downhill/plain"],
    output: { path: import.meta.dirname, filename: out, module: true, library: { type: "module" } },
    resolve: { extensions: [".ts", ".js"] },
    module: { rules: [{ test: /\\.ts$/, ${loader} }] },
    plugins: [downhill()],
  };
  await new Promise((resolve, reject) => {
    ${call}(config, (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
      else resolve();
    });
  });`;
}

/** Script that builds a valid module, then prints the bundler's message for a refused one. */
function scriptOf(name: string): string {
  const [imports, body] = builds[name]!;
  return `${imports}
  import downhill from "downhill-plugin/${name.replace(/,.*/, "")}";
  async function make(entry, out) {
    ${body}
  }
  await make("src/app.ts", "out.mjs");
  await make("src/refused.ts", "refused.mjs").then(() => console.log("accepted"), (error) => console.log(error.message));`;
}

const types = {
  "types.cjs": `
const { transformSync } = require("esbuild");
module.exports = function (code) {
  const { code: js, map } = transformSync(code, { loader: "ts", sourcemap: true, sourcefile: this.resourcePath });
  this.callback(null, js, JSON.parse(map));
};`,
};

const projects: Project[] = [];
afterAll(() => {
  for (const project of projects) project.remove();
});

test.concurrent.each(Object.keys(builds))(
  "%s builds a program that runs, its places those of the sources, and refuses what cannot be differentiated",
  async (name) => {
    const project = makeProject({ ...app, ...refused.files, ...types, "build.mjs": scriptOf(name) });
    projects.push(project);
    const built = await project.node(["build.mjs"]);
    expect(built.stderr).toBe("");
    expect(readFileSync(join(project.folder, "out.mjs"), "utf8")).toContain("downhill");
    expect(built.stdout).toContain(refused.text);
    expect(built.stdout).toContain(refused.place);
    expect(built.stdout).toContain(refused.line);
    const ran = await project.node(["--enable-source-maps", "out.mjs"]);
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toBe(printed);
  },
);

// BUN names the executable of npm's package `bun`, which takes 100 MB
testWith("Bun (BUN names its executable)", process.env["BUN"] !== undefined)(
  "bun builds a program that runs in it, and refuses what cannot be differentiated",
  async () => {
    const bun = process.env["BUN"]!;
    const build = (entry: string): string => `import downhill from "downhill-plugin/bun";
    const options = { entrypoints: ["${entry}"], outdir: "out", target: "bun", plugins: [downhill()] };
    await Bun.build(options).then(() => console.log("built"), (error) => console.log(String(error.errors ?? error)));`;
    const project = makeProject({
      ...app,
      ...refused.files,
      "build.js": build("src/app.ts"),
      "refused.js": build("src/refused.ts"),
    });
    projects.push(project);
    const built = await project.node(["build.js"], bun);
    expect(built).toEqual({ status: 0, stdout: "built\n", stderr: "" });
    const ran = await project.node([join("out", "app.js")], bun);
    expect(ran.stderr).toBe("");
    // positions in the built file, because Bun was not asked for a source map
    expect(ran.stdout.replace(/^place.*\n/m, "")).toBe(printed.replace(/^place.*\n/m, ""));
    expect((await project.node(["refused.js"], bun)).stdout).toContain(refused.text);
  },
);
