// Compares downhill with other libraries. Run it from the root: npm run bench -- [OPTIONS]
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { contestants } from "./contestants.mjs";
import { killAll } from "./entrant.mjs";
import { absences, runRow } from "./measure.mjs";
import { findNodes } from "./nodes.mjs";
import { groups, rows } from "./rows/index.mjs";
import { summarise, summaryRows } from "./summary.mjs";
import { showRow } from "./table.mjs";

const help = `Usage: npm run bench -- [OPTIONS]

Measures downhill and other libraries in turns, each in a process of its own, on each Node at hand, and shows the
median and the best of the rounds and how quick each is beside downhill. What they compute is compared first: a wrong
result is not timed.

  --only NAME      rows or contestants of this name, or whose names contain it; may be repeated
  --quick          few and short rounds: shows that everything runs, its times say little
  --rounds N       rounds (default 15; 3 with --quick)
  --turn SECONDS   how long one contestant works in one round (default 0.05; 0.01 with --quick)
  --dist FOLDER    the build of downhill (default: dist)
  --before FOLDER  another build of downhill, measured beside it as the contestant "before"
  --without NAME   the contestant "before" is this source without a work-around for engines: README.md in
                   src/engine/backends/wasm/engines names them
  --node VERSION   20, 24 or the path of a binary; may be repeated (default: this Node, and Node 24)
  --mode MODE      plain or turbo (default: both)
  --threads N      1 or 2 (default: both)
  --json           one JSON object a line: row, contestant, mode, threads, unit, median, best, node
  --list           the rows, and nothing is run
  --help           this text

Contestants: ${contestants.join(", ")} (plain code by hand).
bench/README.md tells how to read the result.
`;

const settings = readArguments();
if (settings.help) {
  process.stdout.write(help);
  process.exit();
}
if (settings.list) {
  process.stdout.write(listOfRows());
  process.exit();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    killAll();
    progress("");
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}
process.on("exit", killAll);
// The reader of the output may stop early: `| head`.
process.stdout.on("error", () => process.exit());

await run(settings);

function listOfRows() {
  return groups
    .map(({ group, rows: some }) => {
      const width = Math.max(...some.map(({ name }) => name.length));
      const lines = some.map(({ name, title, unit }) => `  ${name.padEnd(width)}  ${title} (${unit})`);
      return `${group}\n${lines.join("\n")}\n`;
    })
    .join("\n");
}

async function run({ json, ...options }) {
  if (json) print(machine(options.nodes[0]));
  const all = [];
  let failed = false;
  for (const { group, rows: some } of groups) {
    const wanted = some.filter(({ name }) => options.wantsRow(name));
    if (wanted.length > 0 && !json) console.log(`\n# ${group}`);
    for (const row of wanted) {
      const { measurements, wrong } = await runRow(row, {
        ...options,
        wanted: options.wantsContestant,
        progress,
      });
      progress("");
      for (const one of wrong) console.error(one);
      // Faults of other contestants are reported. A missing or wrong result of downhill is a failure.
      failed ||= measurements.some((one) => one.contestant === "downhill" && one.reason !== undefined);
      show(row, measurements);
      all.push(...measurements);
    }
    if (!wanted.some(({ name }) => name.startsWith("gradient-cost-"))) continue;
    const summaries = summarise(
      all,
      rows.map(({ name }) => name),
    );
    for (const row of summaryRows)
      show(
        row,
        summaries.filter((one) => one.row === row.name),
      );
  }
  for (const { setting, reason, isNeeded } of absences()) {
    console.error(`not available: ${setting}: ${reason}`);
    failed ||= isNeeded;
  }
  process.exitCode = failed ? 1 : 0;

  function show(row, measurements) {
    if (json) measurements.forEach(print);
    else if (measurements.length > 0) console.log(showRow(row, measurements));
  }
}

/** The first line of --json: the machine and its number of cores. */
function machine({ version }) {
  const all = cpus();
  return {
    row: "machine",
    contestant: "machine",
    mode: "plain",
    threads: all.length,
    unit: "cores",
    median: all.length,
    best: all.length,
    node: version,
    processor: all[0]?.model.trim() ?? "unknown",
    date: new Date().toISOString().slice(0, 10),
  };
}

function print(measurement) {
  console.log(JSON.stringify(measurement));
}

/** Shows a line that is overwritten, on a terminal only. */
function progress(text) {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

/** Reads and checks the options; ends the process with a message if they are wrong. */
function readArguments() {
  try {
    return checkArguments(
      parseArgs({
        options: {
          only: { type: "string", multiple: true, default: [] },
          quick: { type: "boolean", default: false },
          rounds: { type: "string" },
          turn: { type: "string" },
          dist: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
          before: { type: "string" },
          without: { type: "string" },
          node: { type: "string", multiple: true, default: [] },
          mode: { type: "string", multiple: true, default: ["plain", "turbo"] },
          threads: { type: "string", multiple: true, default: ["1", "2"] },
          json: { type: "boolean", default: false },
          list: { type: "boolean", default: false },
          help: { type: "boolean", default: false },
        },
      }).values,
    );
  } catch (error) {
    console.error(`bench: ${error.message}\nSee npm run bench -- --help`);
    process.exit(2);
  }
}

function checkArguments(values) {
  const { only, quick, json, list } = values;
  if (values.help || list) return { help: values.help, list };
  const rounds = Number(values.rounds ?? (quick ? 3 : 15));
  const turn = Number(values.turn ?? (quick ? 0.01 : 0.05));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds must be an integer of 1 or more");
  if (!(turn > 0)) throw new Error("--turn must be a number of seconds above 0");
  const odd = values.mode.find((mode) => !["plain", "turbo"].includes(mode));
  if (odd !== undefined) throw new Error(`--mode ${odd}: the modes are plain and turbo`);
  const threads = values.threads.map(Number);
  if (!threads.every((n) => Number.isInteger(n) && n >= 1)) throw new Error("--threads must be 1, 2, …");

  const names = rows.map(({ name }) => name);
  const parts = { rows: matching(only, names), contestants: matching(only, contestants) };
  const lost = only.filter((part) => !parts.rows.includes(part) && !parts.contestants.includes(part));
  if (lost.length > 0)
    throw new Error(`--only ${lost.join(", ")}: no row and no contestant has such a name; see --list`);
  const wants = (some) => (name) =>
    some.length === 0 || some.some((part) => isMeant(part, name, [...names, ...contestants]));
  return {
    json,
    quick,
    rounds,
    turn,
    warmUp: quick ? 0.05 : 0.4,
    threads,
    modes: values.mode,
    nodes: findNodes(values.node),
    dists: { downhill: resolve(values.dist), before: otherBuild(values) },
    wantsRow: wants(parts.rows),
    wantsContestant: wants(parts.contestants),
  };
}

/** The build to compare with, if any. With --without, it is built without the named workaround. */
function otherBuild({ before, without }) {
  if (without === undefined) return before && resolve(before);
  if (before !== undefined) throw new Error('--before and --without are both the contestant "before"');
  const root = fileURLToPath(new URL("..", import.meta.url));
  const out = join(root, ".tmp", `without-${without}`);
  const build = [join(root, "scripts/build.mjs"), "--out", out, "--without", without];
  const { status, stderr } = spawnSync(process.execPath, build, { encoding: "utf8" });
  if (status !== 0) throw new Error(`--without ${without}: ${stderr.match(/Error: (.*)/)?.[1] ?? stderr}`);
  return out;
}

/** Matches a name. A full name selects only itself: `rosenbrock-10` does not select `rosenbrock-100`. */
function isMeant(part, name, all) {
  return all.includes(part) ? part === name : name.includes(part);
}

function matching(parts, names) {
  return parts.filter((part) => names.some((name) => name.includes(part)));
}
