import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

interface Measurement {
  readonly row: string;
  readonly contestant: string;
  readonly mode: string;
  readonly threads: number;
  readonly unit: string;
  readonly median: number | null;
  readonly best: number | null;
  readonly node: string;
  readonly reason?: string;
}

const runFile = join(root, "bench/run.mjs");
const run = (...args: string[]): ReturnType<typeof spawnSync> & { readonly stdout: string } =>
  spawnSync(process.execPath, [runFile, ...args], { encoding: "utf8" });

/** Flags for entrants that need no package of the bench: downhill and hand-written code, on this Node. */
const alone = ["--only", "downhill", "--only", "javascript", "--node", process.execPath];
const quick = ["--quick", "--rounds", "1", "--turn", "0.001", "--mode", "plain", "--threads", "1", "--json"];

function measure(...rows: string[]): Measurement[] {
  const { status, stdout, stderr } = run(...rows.flatMap((row) => ["--only", row]), ...alone, ...quick);
  expect(String(stderr)).toBe("");
  expect(status).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Measurement);
}

test("a row of the bench gives one measurement for each contestant, all of whose results agree", () => {
  const [machine, ...measured] = measure("rosenbrock-10", "gradient-cost-pendulum-1000");
  expect(machine?.row).toBe("machine");
  expect(measured.map(({ row, contestant }) => `${row} ${contestant}`)).toEqual([
    "rosenbrock-10 downhill",
    "rosenbrock-10 javascript",
    "gradient-cost-pendulum-1000 downhill",
  ]);
  for (const one of measured) {
    expect(one.reason).toBeUndefined();
    expect(one.median).toBeGreaterThan(0);
    expect(one.best).toBeLessThanOrEqual(one.median!);
    expect(one.node).toBe(process.version);
  }
}, 60_000);

test("every row of bench/torch.py is a row of the bench or one of its summaries", () => {
  const names = new Set(
    [...run("--list").stdout.matchAll(/^ {2}(\S+)/gm)].map((match) => match[1]!).concat("gradient-cost"),
  );
  const source = readFileSync(join(root, "bench/torch.py"), "utf8");
  const given = [
    ...[...source.matchAll(/@row\("([\w-]+)"/g)].map((match) => match[1]!),
    ...[...source.matchAll(/^product\("([\w-]+)"/gm)].map((match) => match[1]!),
    ...[...source.matchAll(/^cost\("([\w-]+)"/gm)].map((match) => `gradient-cost-${match[1]!}`),
    ...[...source.matchAll(/^training\(\w+, "([\w-]+)", "(\w+)"/gm)].map(
      (match) => `${match[1]!}-${match[2]!}`,
    ),
  ];
  expect(given.length).toBeGreaterThan(22);
  expect(given.filter((name) => !names.has(name))).toEqual([]);
});

test("an option that the bench does not know is refused with a way to help", () => {
  const { status, stderr } = run("--onyl", "matmul");
  expect(status).toBe(2);
  expect(String(stderr)).toContain("--help");
  expect(run("--only", "no-such-row").status).toBe(2);
});

test("the report has the numbers of its file and omits entrants with other results", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const file = join(folder, "results.jsonl");
    const line = { row: "rosenbrock-10", mode: "plain", threads: 1, unit: "us", node: "v24.1.0" };
    const check = [1, 2, 3];
    writeFileSync(
      file,
      [
        { ...line, contestant: "downhill", median: 1.25, best: 1, check },
        { ...line, contestant: "javascript", median: 0.5, best: 0.5, check },
        { ...line, contestant: "pytorch", median: 99.5, best: 99, check: [1, 2, 4], node: "torch 2" },
      ]
        .map((one) => JSON.stringify(one))
        .join("\n"),
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bench/report.mjs"), file], {
      encoding: "utf8",
    });
    expect(stdout).toMatch(/\| `rosenbrock-10` +\| µs +\| +1\.25 +\| +0\.5 +\|/);
    expect(stdout).not.toContain("99.5");
    expect(stderr).toContain("pytorch is left out");
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("counts of a start are printed per row, and do not differ between runs", () => {
  const count = (): string =>
    spawnSync(process.execPath, [join(root, "bench/counts.mjs"), "--only", "help", "--times", "0"], {
      encoding: "utf8",
    }).stdout;
  const first = count();
  expect(first).toMatch(/^help: downhill --help: \d+ modules, \d+ kB, \d+ functions compiled, \d+ calls\n$/);
  expect(count()).toBe(first);
});
