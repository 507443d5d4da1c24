import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testOnPosix } from "./support/conditions.ts";
import { bin, downhill as run, type Ended, installedDownhill } from "./support/command.ts";

const downhill = async (words: readonly string[], input = ""): Promise<Ended> => run(words, { input });

describe("downhill explain", () => {
  test("prints the program, a forward pass for each input, the reverse trace and the check", async () => {
    const { status, stdout, stderr } = await downhill(["explain", "x*y + sin(x)", "--at", "x=2,y=3"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.match(/^\S.*/gm)).toEqual([
      "Program",
      "Forward mode with dx = 1, dy = 0",
      "Forward mode with dx = 0, dy = 1",
      "Reverse mode from ∂s/∂z = 1 back to the inputs",
      "Stored in the forward pass",
      "What each input can affect",
      "Check against central differences",
    ]);
  });

  test("reads the text from standard input", async () => {
    const { stdout } = installedDownhill(["explain", "-", "--at", "x=2"], {
      input: "a = x*x # a comment\nb = a + 1\n",
    });
    expect(stdout).toContain("b = a + 1   = 5");
  });

  // "“?” has no meaning here", and with x = 2 "the result depends on no input"
  test("reads lecture notes as they stand: x = ? declares an input, x = 2 one with a value", async () => {
    const rest = "a = x * y\nb = sin(x)\nz = a + b\n";
    const symbolic = await downhill(["explain", `x = ?\ny = ?\n${rest}`]);
    expect(symbolic).toEqual(await downhill(["explain", "-"], rest));
    expect(symbolic.stdout).toContain("Forward mode with dx = ?, dy = ?");
    const given = await downhill(["explain", `x = 2\ny = 3\n${rest}`]);
    expect(given).toEqual(await downhill(["explain", rest, "--at", "x=2,y=3"]));
    expect(await downhill(["explain", "-", "--at", "y=3"], `x = 2\ny = ?\n${rest}`)).toEqual(given);
    expect(await downhill(["explain", `x = 5\ny = 3\n${rest}`, "--at", "x=2"])).toEqual(given);
  });

  test("says why the trace is symbolic if only some inputs have a value", async () => {
    const { stdout, stderr } = await downhill(["explain", "x = 2\nz = x*y"]);
    expect(stderr).toBe("note: y has no value, so the trace is symbolic: give --at y=…\n");
    expect(stdout).toContain("x           = ?");
  });

  test("writes one JSON object", async () => {
    const { stdout } = await downhill([
      "explain",
      "__proto__*y + 1/w",
      "--at",
      "__proto__=2,y=3,w=0",
      "--json",
    ]);
    const table: unknown = JSON.parse(stdout);
    expect(table).toMatchObject({ value: "Infinity", check: { ok: false } });
    expect(Object.keys(table as object)).toEqual(
      expect.arrayContaining(["program", "forward", "reverse", "affects", "value", "gradient", "check"]),
    );
    const { gradient } = table as { gradient: object };
    expect(Object.entries(gradient)).toEqual([
      ["__proto__", 3],
      ["y", 2],
      ["w", "-Infinity"],
    ]);
  });

  test("a chosen seed", async () => {
    const { stdout } = await downhill(["explain", "x*y", "--at", "x=2,y=3", "--seed", "x=1,y=-1"]);
    expect(stdout).toContain("Forward mode with dx = 1, dy = -1");
    expect(stdout).toContain("result: dz = 1");
  });
});

describe("--graph", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "downhill-graph-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["svg", /^<svg /],
    ["html", /^<!doctype html>/],
    ["dot", /^digraph /],
    ["mmd", /^flowchart TD/],
  ])("out.%s", async (ending, start) => {
    const file = join(folder, `out.${ending}`);
    const { status, stdout } = await downhill(["explain", "x*y", "--at", "x=2,y=3", "--graph", file]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Graph written to ${file}`);
    expect(readFileSync(file, "utf8")).toMatch(start);
  });

  test("a file that cannot be written is reported in one line", async () => {
    const file = join(folder, "nowhere", "out.svg");
    expect(await downhill(["explain", "x", "--graph", file])).toEqual({
      status: 1,
      stdout: "",
      stderr: `error: cannot write ${file}: its folder does not exist.\n`,
    });
  });
});

test.each<[string[], string]>([
  [
    ["explain", "x*y + sinn(x)"],
    "error: there is no function sinn: did you mean sin?\n  x*y + sinn(x)\n        ^^^^\n",
  ],
  [
    ["explain", "x", "--grpah", "a.svg"],
    `error: unknown option --grpah. Did you mean "--graph"? See downhill explain --help.`,
  ],
  [["explain"], "error: the text is missing. See downhill explain --help.\n"],
  [["explian", "x"], 'error: unknown command explian. Did you mean "explain"? See downhill --help.\n'],
  [
    ["explain", "x", "--graph", "out.jpg"],
    `error: --graph: the name must end in .html, .svg, .png, .dot, .gv or .mmd, and "out.jpg" does not.`,
  ],
  [["--hlep"], 'error: unknown option --hlep. Did you mean "--help"? See downhill --help.\n'],
])("%j is bad usage", async (words, message) => {
  const { status, stdout, stderr } = await downhill(words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.startsWith(message), stderr).toBe(true);
});

test("help, help of a command, and --version", async () => {
  const all = await downhill(["--help"]);
  expect(all.status).toBe(0);
  expect(all.stdout).toContain("Draw a slice of a network's loss");
  expect((await downhill(["help"])).stdout).toBe(all.stdout);
  const help = (await downhill(["explain", "--help"])).stdout;
  for (const word of ["--at", "--seed", "--wrt", "--graph", "--json", "Examples"])
    expect(help).toContain(word);
  expect((await downhill(["help", "explain"])).stdout).toBe(help);
  expect((await downhill(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

testOnPosix("a closed pipe ends it quietly", async () => {
  const sum = Array.from({ length: 300 }, (_, i) => `sin(x + ${i})`).join(" + ");
  const command = `"${process.execPath}" "${bin}" explain - --at x=1 | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8", input: sum });
  expect({ stdout, stderr }).toEqual({ stdout: "Program\n0\n", stderr: "" });
});
