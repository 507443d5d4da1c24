import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { testWith } from "../../test/support/conditions.ts";
import { app, type Ended, makeProject, printed, refused } from "./project.ts";

const project = makeProject({
  ...app,
  ...refused.files,
  "common/package.json": "{}",
  "common/f.js": `module.exports = f;
/** @param {number} x */
function f(x) { "use ad"; return x; }`,
  "common/three.js": "module.exports = 3;",
  "common/compiled.mts": `import { grad } from "downhill";
import three from "./three.js";
const cube = (x: number): number => { "use ad"; return x ** 3; };
console.log(grad(cube)(2), three);`,
  "common/main.mjs": `import f from "./f.js"; console.log(f(1));`,
});
afterAll(() => {
  project.remove();
});

// Node 20 does not strip types; NODE_24 names a Node that does
const newer = process.env["NODE_24"];
const engines = [process.execPath, ...(newer === undefined ? [] : [newer])];
testWith("REQUIRE_NODE_24", process.env["REQUIRE_NODE_24"] !== undefined)(
  "NODE_24 names a Node that strips types",
  () => {
    expect(newer).toBeDefined();
  },
);

describe.each(engines)("node --import downhill-plugin/register, by %s", (node) => {
  const run = (file: string): ReturnType<typeof project.node> =>
    project.node(["--enable-source-maps", "--import", "downhill-plugin/register", file], node);

  test.concurrent("runs a TypeScript program with the positions of its sources", async () => {
    const { stdout, stderr } = await run("src/app.ts");
    expect(stderr).toBe("");
    expect(stdout).toBe(printed);
  });

  test("keeps what it compiles in a folder, and runs by that the next time", async () => {
    const named = join(project.folder, `kept-${engines.indexOf(node)}`);
    const folder = join(named, "downhill-compiled");
    const cached = (at: string): Promise<Ended> =>
      project.node(["--import", "downhill-plugin/register", "src/app.ts"], node, { DOWNHILL_CACHE: at });
    const first = await cached(named);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(1);
    const times = (): number[] => files.map((name) => statSync(join(folder, name)).mtimeMs);
    const before = times();
    const second = await cached(named);
    expect(second).toEqual(first);
    expect(readdirSync(folder)).toEqual(files);
    expect(times()).toEqual(before);
    const third = await cached("off");
    expect(third.stdout).toEqual(first.stdout);
  });

  test.concurrent("refuses unsupported code, with its position and its line", async () => {
    const { status, stderr } = await run("src/refused.ts");
    expect(status).not.toBe(0);
    expect(stderr).toContain(refused.text);
    expect(stderr).toContain(refused.place);
    expect(stderr).toContain(refused.line);
  });

  test.concurrent("says of a CommonJS module that it must be an ES module", async () => {
    const { status, stderr } = await run("common/main.mjs");
    expect(status).not.toBe(0);
    expect(stderr).toContain('must be an ES module: write "type": "module"');
  });
});

// BUN names the executable of npm's package `bun`, which takes 100 MB
const bun = process.env["BUN"];
const testBun = testWith("Bun (BUN names its executable)", bun !== undefined);
describe("bun --preload downhill-plugin/register", () => {
  const run = (file: string): ReturnType<typeof project.node> =>
    project.node(["--preload", "downhill-plugin/register", file], bun);

  testBun("runs a program of TypeScript, whose lines are those of its sources", async () => {
    const { stdout, stderr } = await run("src/app.ts");
    expect(stderr).toBe("");
    const withoutColumns = (text: string): string => text.replaceAll(/(:\d+):\d+/g, "$1");
    expect(withoutColumns(stdout)).toBe(withoutColumns(printed));
  });

  testBun("refuses unsupported code, with its position", async () => {
    const { status, stderr } = await run("src/refused.ts");
    expect(status).not.toBe(0);
    expect(stderr).toContain(refused.text);
    expect(stderr).toContain(refused.place);
  });

  testBun("leaves CommonJS modules that a compiled one imports as they are", async () => {
    const { stdout, stderr } = await run("common/compiled.mts");
    expect(stderr).toBe("");
    expect(stdout).toBe("12 3\n");
  });
});
