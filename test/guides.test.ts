// The guides: their programs run and print the promised output, the names in their tables exist, and the site includes
// all of them.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "downhill";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programsIn, runGuideProgram } from "./support/guide-programs.ts";
import { fences, root } from "./support/snippets.ts";
import { gpuOfNode, testOnGpuInCi } from "./support/webgpu.ts";

const guides = readdirSync(join(root, "docs/guides"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/guides/${name}`)
  .concat("docs/large-problems.md", "docs/constraints.md", "docs/differential-equations.md")
  .concat(gpuOfNode === undefined ? [] : "docs/webgpu.md");

// Files that guides show, named after the language of the fence, are in the working directory of their programs.
let folder: string;
const start = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-guides-"));
  for (const guide of guides) {
    const text = readFileSync(join(root, guide), "utf8");
    for (const [, name, content] of text.matchAll(/^```\w+ ([\w-]+\.\w+)\n(.*?)^```$/gms))
      writeFileSync(join(folder, name!), content!);
  }
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(start);
  rmSync(folder, { recursive: true });
});

describe.each(guides)("%s", (guide) => {
  const programs = programsIn(guide);

  test("shows a program, and promises its output", () => {
    expect(programs.length).toBeGreaterThan(0);
    expect(programs.some(({ code }) => code.includes("); // "))).toBe(true);
  });

  const testProgram = guide === "docs/webgpu.md" ? testOnGpuInCi : test;
  testProgram.each(programs)("line $line runs and prints the promised output", async ({ code }) => {
    await expect(runGuideProgram(code)).resolves.toBeUndefined();
  });
});

describe("the runner of guides", () => {
  test("sees a broken promise", async () => {
    const code = `import { tensor } from "downhill";\nconsole.log(tensor(1).item()); // 2\n`;
    await expect(runGuideProgram(code)).rejects.toThrow("expected '1' to be '2'");
  });

  test("compiles plain functions, which can capture variables", async () => {
    const code = `import { grad } from "downhill";
      let k = 3;
      function f(x: number): number { "use ad"; return k * x * x; }
      console.log(grad(f)(2)); // 12\n`;
    await expect(runGuideProgram(code)).resolves.toBeUndefined();
  });

  test("refuses names that a module does not export", async () => {
    await expect(runGuideProgram(`import { nothing } from "downhill";\n`)).rejects.toThrow(
      "exports no nothing",
    );
  });

  test("a fence without imports continues the program before it", () => {
    const [program] = programsIn("docs/guides/five-minutes.md");
    expect(program?.code.match(/^import /gm)?.length).toBeGreaterThan(0);
    expect(fences("docs/guides/five-minutes.md").length).toBeGreaterThan(1);
  });
});

describe("tables of equivalents", () => {
  const tables = guides.filter((guide) => guide.includes("/from-"));
  const subpaths =
    "tree linalg fft plain optim nn data train distributed io random distributions onnx viz landscapes testing";

  test("name existing functions", async () => {
    const modules = await Promise.all(
      ["downhill", ...subpaths.split(" ").map((name) => `downhill/${name}`)].map(
        async (path) => import(path) as Promise<object>,
      ),
    );
    const exported = new Set(modules.flatMap((module) => Object.keys(module)));
    const unknown = tables.flatMap((guide) =>
      namesOfOurs(readFileSync(join(root, guide), "utf8"))
        .filter(({ method, name }) => !(method ? isMethod(name) : exported.has(name)))
        .map(({ name }) => `${guide}: ${name}`),
    );
    expect(tables.length).toBeGreaterThan(3);
    expect(unknown).toEqual([]);
  });
});

/** True if tensors have a method. A name that tensors only explain throws when it is read. */
function isMethod(name: string): boolean {
  try {
    return typeof (tensor(0) as unknown as Record<string, unknown>)[name] === "function";
  } catch {
    return false;
  }
}

/** The functions and tensor methods in the second column of a page's tables. */
function namesOfOurs(page: string): { readonly method: boolean; readonly name: string }[] {
  const cells = [...page.matchAll(/^\| (?!-)[^|]+ \| ([^|]+) \|/gm)].map((match) => match[1]!);
  const spans = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
  return spans.flatMap((span) => {
    const methods = [...span.matchAll(/\b[xyp]\.(\w+)\(/g)].map((match) => ({
      method: true,
      name: match[1]!,
    }));
    const functions = [...span.matchAll(/(?<![\w.])([a-z]\w*)\(/gi)].map((match) => ({
      method: false,
      name: match[1]!,
    }));
    return [...methods, ...functions];
  });
}
