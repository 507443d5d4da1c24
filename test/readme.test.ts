import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { agrees, fences, promises, root } from "./support/snippets.ts";

const pages = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/index.md"].filter((page) =>
  existsSync(join(root, page)),
);
const snippets = pages.flatMap(fences);
// In a program the comment behind a `console.log` or below it is what it prints.
const programs = snippets.filter(({ language }) =>
  ["ts", "js", "typescript", "javascript"].includes(language),
);

// Inside the repository, so that "downhill" is found as the package's own name and leads to dist/.
mkdirSync(join(root, ".tmp"), { recursive: true });
const folder = mkdtempSync(join(root, ".tmp/snippets-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the programs of the pages", () => {
  test("the README shows programs", () => {
    expect(programs.filter(({ file }) => file === "README.md")).not.toHaveLength(0);
  });

  test.each(programs)("$file:$line runs and prints what it says", async ({ code }) => {
    const { code: script } = await transform(code, { loader: "ts", format: "esm" });
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
    // Compared as wholes only to show the difference.
    if (!same) expect(printed).toEqual(promised);
  });

  test("they compile under the strictest settings", () => {
    programs.forEach(({ file, line, code }) => {
      writeFileSync(
        join(folder, `${file.replace(/\W/g, "-")}-${line}.ts`),
        code.includes("import ") ? code : `${code}\nexport {};\n`,
      );
    });
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
  const text = pages.map((page) => readFileSync(join(root, page), "utf8")).join("\n");
  const named = [...new Set([...text.matchAll(/npm (?:run )?(\w+)/g)].map((match) => match[1] ?? ""))];
  const builtIn = ["ci", "init", "install", "pack", "publish"];

  test.each(named.filter((name) => !builtIn.includes(name)))(
    "npm run %s is a script of package.json",
    (name) => {
      expect(Object.keys(scripts)).toContain(name);
    },
  );
});
