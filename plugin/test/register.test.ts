import { afterAll, describe, expect, test } from "vitest";
import { app, makeProject, printed, refused } from "./project.ts";

const project = makeProject({
  ...app,
  ...refused.files,
  "common/package.json": "{}",
  "common/f.js": `module.exports = f;
/** @param {number} x */
function f(x) { "use ad"; return x; }`,
  "common/main.mjs": `import f from "./f.js"; console.log(f(1));`,
});
afterAll(() => {
  project.remove();
});

// Node 20 does not strip types; NODE_24 names a Node that does
const newer = process.env["NODE_24"];
const engines = [process.execPath, ...(newer === undefined ? [] : [newer])];
test.runIf(process.env["REQUIRE_NODE_24"] !== undefined)("NODE_24 names a Node that strips types", () => {
  expect(newer).toBeDefined();
});

describe.each(engines)("node --import downhill-plugin/register, by %s", (node) => {
  const run = (file: string): ReturnType<typeof project.node> =>
    project.node(["--enable-source-maps", "--import", "downhill-plugin/register", file], node);

  test.concurrent("runs a program of TypeScript, whose places are those of its sources", async () => {
    const { stdout, stderr } = await run("src/app.ts");
    expect(stderr).toBe("");
    expect(stdout).toBe(printed);
  });

  test.concurrent("refuses what cannot be differentiated, with its place and its line", async () => {
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
