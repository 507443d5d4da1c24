import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { normaliseArguments } from "../src/cli/arguments.ts";
import { commands } from "../src/cli/commands.ts";
import { turboOption } from "../src/cli/turbo.ts";
import { programsIn, runGuideProgram } from "./support/guide-programs.ts";
import { agrees, fences, promises, root, wordsOf } from "./support/snippets.ts";

const { withFigures } = (await import(join(root, "bench/figures.mjs"))) as {
  withFigures(readme: string): string;
};

// their programs are run by guides.test.ts
const guides = readdirSync(join(root, "docs/guides"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/guides/${name}`);

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "ARCHITECTURE.md",
  "docs/index.md",
  "docs/speed.md",
  "docs/masks.md",
  "docs/randomness.md",
  "docs/distributions.md",
  "docs/places.md",
  "docs/sharp-bits.md",
].filter((page) => existsSync(join(root, page)));
const snippets = pages.flatMap(fences);
const commandSnippets = [...snippets, ...guides.flatMap(fences)].filter(({ language }) => language === "sh");
// In a program, the comment after a `console.log` or below it is the expected output.
const programs = snippets.filter(({ language }) =>
  ["ts", "js", "typescript", "javascript"].includes(language),
);

// Inside the repository, so that "downhill" resolves to the package itself and to dist/.
mkdirSync(join(root, ".tmp"), { recursive: true });
const folder = mkdtempSync(join(root, ".tmp/snippets-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the programs of the pages", () => {
  test("the README shows programs", () => {
    expect(programs.filter(({ file }) => file === "README.md")).not.toHaveLength(0);
  });

  /** Programs with plain functions need the plugin, which this repository builds only on demand. */
  const isPlain = ({ code }: { readonly code: string }): boolean =>
    /^\s+"use ad";$/m.test(code) && !code.includes("downhill/plain");

  test("both first screens show both styles of programs", () => {
    for (const page of ["README.md", "docs/index.md"])
      expect(
        programs
          .filter(({ file }) => file === page)
          .slice(0, 2)
          .map(isPlain),
        page,
      ).toEqual([false, true]);
  });

  test.each(programs.filter(isPlain))("$file:$line runs and prints what it says", async ({ code }) => {
    await expect(runGuideProgram(code)).resolves.toBeUndefined();
  });

  test.each(programs.filter((program) => !isPlain(program)))(
    "$file:$line runs and prints what it says",
    async ({ code }) => {
      const { code: script } = await transform(code, { loader: "ts", format: "esm", target: "es2023" });
      const run = spawnSync(process.execPath, ["--input-type=module"], {
        cwd: root,
        input: script,
        encoding: "utf8",
      });
      expect(run.stderr).toBe("");
      const promised = promises(code).flatMap(({ text, promise }) =>
        /^(await )?console\.log\(/.test(text) ? promise : [],
      );
      if (promised.length === 0) return;
      const printed = run.stdout.trimEnd().split("\n");
      const same =
        printed.length === promised.length && printed.every((line, i) => agrees(line, promised[i] ?? ""));
      // Compared as a whole only to show the difference.
      if (!same) expect(printed).toEqual(promised);
    },
  );

  test("the README has the figures of its table (node bench/figures.mjs writes them)", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toBe(withFigures(readme));
  });

  test("they compile under the strictest settings", () => {
    // those of weights.md are run by weights.test.ts, where their files are
    const elsewhere = ["docs/weights.md", ...guides].flatMap(programsIn);
    for (const { file, line, code } of [...programs, ...elsewhere]) {
      writeFileSync(
        join(folder, `${file.replace(/\W/g, "-")}-${line}.ts`),
        code.includes("import ") ? code : `${code}\nexport {};\n`,
      );
    }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../tsconfig.base.json",
        compilerOptions: {
          noEmit: true,
          isolatedDeclarations: false,
          noUnusedLocals: false,
          noUnusedParameters: false,
        },
        include: ["*.ts"],
      }),
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const run = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(run.stdout + run.stderr).toBe("");
  });
});

describe("the commands of the pages", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const text = [...pages, ...guides].map((page) => readFileSync(join(root, page), "utf8")).join("\n");
  const named = [...new Set([...text.matchAll(/npm (?:run )?(\w+)/g)].map((match) => match[1] ?? ""))];
  const builtIn = ["ci", "init", "install", "pack", "pkg", "publish"];

  test.each(named.filter((name) => !builtIn.includes(name)))(
    "npm run %s is a script of package.json",
    (name) => {
      expect(Object.keys(scripts)).toContain(name);
    },
  );

  test("none asks a registry for downhill, which is not there: npx in a clone was silent for half a minute", () => {
    for (const { file, code } of commandSnippets) {
      if (file.startsWith("docs/guides/")) continue; // read where the package is installed
      expect(code.match(/^(?:[A-Z_]+=\S+ )?npx downhill.*$/gm) ?? [], file).toEqual([]);
    }
  });

  test("installing comes before the first command that needs it", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme.indexOf("\n## ")).toBe(readme.indexOf("\n## Install\n"));
    expect(readme.indexOf("npm install &&")).toBeLessThan(readme.indexOf("node dist/cli/main.js explain"));
  });

  const inClone = /^(?:[A-Z_]+=\S+ )?(?:node dist\/cli\/main\.js|downhill) (\w[\w-]*)(.*?)(?:\s+#.*)?$/;
  const commandLines = commandSnippets
    .flatMap(({ file, code }) => code.split("\n").map((line) => ({ file, line })))
    .flatMap(({ file, line }) => {
      const [, command, rest] = inClone.exec(line) ?? [];
      return command === undefined ? [] : [{ file, command, words: wordsOf(rest ?? "") }];
    });

  test.each(commandLines)("$file: downhill $command $words has options that there are", async (line) => {
    const command = commands.get(line.command)!;
    const { args } = await command.load();
    const given = normaliseArguments(line.words, { ...args, ...turboOption }, command.takesMany);
    expect(given.length).toBeGreaterThan(0);
  });

  test("the README shows every command but demo, which has a script", () => {
    const shown = commandLines.filter(({ file }) => file === "README.md").map(({ command }) => command);
    expect([...new Set([...shown, "demo"])].sort()).toEqual([...commands.keys()].sort());
  });

  // one fast command of each kind; other tests cover training
  test.each(["explain", "schedule"])("downhill %s runs as the README has it", (name) => {
    const { words } = commandLines.find(({ file, command }) => file === "README.md" && command === name)!;
    const run = spawnSync(process.execPath, ["dist/cli/main.js", name, ...words], {
      cwd: root,
      encoding: "utf8",
    });
    expect([run.status, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).not.toBe("");
  });
});
