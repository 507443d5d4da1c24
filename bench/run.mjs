// downhill beside other libraries. Run it from the root: npm run bench -- [OPTIONS]
import { parseArgs } from "node:util";
import { contestants } from "./libraries.mjs";
import { runRow } from "./harness.mjs";
import * as bundle from "./rows/bundle.mjs";
import { row as mlpStep } from "./rows/mlp-step.mjs";
import { rows as rosenbrock } from "./rows/rosenbrock.mjs";
import { row as scalarGradient } from "./rows/scalar-gradient.mjs";

const timed = [scalarGradient, ...rosenbrock, mlpStep];

const help = `Usage: npm run bench -- [OPTIONS]

Measures the contestants in turns, round by round, and shows the median of the rounds of each and its ratio to
downhill's median of the same mode. What they compute is compared first.

  --only NAME     rows or contestants whose name contains NAME; may be repeated
  --rounds N      rounds (default 15)
  --turn SECONDS  how long one contestant works in one round (default 0.05)
  --json          one JSON object a line: row, contestant, mode, threads, unit, median, best, node
  --help          this text

Rows:
${[...timed, bundle].map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join("\n")}
Contestants: ${contestants.join(", ")}
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "15" },
    turn: { type: "string", default: "0.05" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(help);
  process.exit();
}

const options = { rounds: Number(values.rounds), turn: Number(values.turn) };
if (!(options.rounds >= 1) || !(options.turn > 0)) {
  console.error("--rounds and --turn have to be positive numbers");
  process.exit(2);
}
const names = [...timed, bundle].map(({ name }) => name);
const rowsWanted = values.only.filter((part) => names.some((name) => name.includes(part)));
const contestantsWanted = values.only.filter((part) => contestants.some((name) => name.includes(part)));
const lost = values.only.filter((part) => !rowsWanted.includes(part) && !contestantsWanted.includes(part));
if (lost.length > 0) {
  console.error(`--only ${lost.join(", ")}: no row and no contestant has such a name; see --help`);
  process.exit(2);
}
const wanted = (parts) => (name) => parts.length === 0 || parts.some((part) => name.includes(part));
const wantedRow = wanted(rowsWanted);
const wantedContestant = wanted(contestantsWanted);

let failures = 0;
for (const row of [...timed, bundle]) {
  if (!wantedRow(row.name)) continue;
  try {
    const entries = row.entries?.filter(({ contestant }) => wantedContestant(contestant));
    const results = entries
      ? await runRow({ ...row, entries }, options)
      : await row.measure(wantedContestant);
    if (values.json) for (const result of results) console.log(JSON.stringify(result));
    else show(row, results);
  } catch (error) {
    failures++;
    console.error(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = failures > 0 ? 1 : 0;

/** Four digits, without an exponent. */
function digits(value) {
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(4);
}

function show({ name, title }, results) {
  console.log(`\n${name}: ${title}`);
  for (const { contestant, mode, unit, median, best } of results) {
    const ours = results.find((other) => other.contestant === "downhill" && other.mode === mode);
    // Where a contestant has no such mode of its own, the eager one is what its users compare.
    const base = ours ?? results.find((other) => other.contestant === "downhill");
    const rate = unit === "us" ? `${Math.round(1e6 / median).toLocaleString("en")}/s` : "";
    const ratio = base === undefined ? "" : `${(median / base.median).toFixed(2)}x`;
    console.log(
      [
        contestant.padEnd(10),
        mode.padEnd(6),
        `${digits(median)} ${unit}`.padStart(12),
        `best ${digits(best)}`.padStart(14),
        rate.padStart(14),
        ratio.padStart(10),
      ].join(" "),
    );
  }
}
