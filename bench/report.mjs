// Writes what `npm run bench -- --json` and bench/torch.py print as tables: docs/performance.md, and the table of the
// README between its marks, with the figures of its first screen.
//
// Usage: node bench/report.mjs [--write] FILE ...      without --write the page goes to standard output
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { contestants } from "./contestants.mjs";
import { withFigures } from "./figures.mjs";
import { refuse } from "./measure.mjs";
import { groups } from "./rows/index.mjs";
import { groupBy, summaryRows } from "./summary.mjs";
import { digits, units } from "./units.mjs";

const root = new URL("../", import.meta.url);
const allGroups = groups.map(({ group, rows }) => ({
  group,
  rows: rows.some(({ name }) => name.startsWith("gradient-cost-")) ? [...rows, ...summaryRows] : rows,
}));
const allRows = allGroups.flatMap(({ rows }) => rows);

/** The rows that the README shows. */
const shown = [
  "matmul-512",
  "mlp-784-128-10-sgd",
  "mlp-2-64-64-1-adam",
  "lenet-sgd",
  "lstm-sgd",
  "transformer-sgd",
  "elementwise-f32-gradient",
  "scalar-gradient-jit",
  "rosenbrock-10",
  "rosenbrock-1000",
  "first-step-mlp-784-128-10",
  "bundle-compiled",
];
const [opening, closing] = ["<!-- bench: written by node bench/report.mjs --write -->", "<!-- /bench -->"];

const { values, positionals } = parseArgs({
  options: { write: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (positionals.length === 0) {
  console.error(
    "Usage: node bench/report.mjs [--write] FILE ...   FILE: what npm run bench -- --json printed",
  );
  process.exit(2);
}

const lines = positionals.flatMap(readLines);
const { kept: agreeing, refused: disagreements } = compareWithTorch(
  lines.filter(({ row }) => row !== "machine"),
);
for (const one of disagreements) console.error(one);
process.exitCode = disagreements.length > 0 ? 1 : 0;
const machineLines = lines.filter(({ row }) => row === "machine");
const page = await formatted(pageOf(agreeing, machineLines));
if (values.write) {
  writeFileSync(new URL("docs/performance.md", root), page);
  await fillReadme(agreeing, machineLines);
} else process.stdout.write(page);

/** The measurements of a file. Other lines (npm writes some) are skipped. */
function readLines(file) {
  const found = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ row }) => row === "machine" || allRows.some(({ name }) => name === row));
  if (found.length === 0) throw new Error(`${file} holds no measurements`);
  return found;
}

/** Compares PyTorch's results, which come from a separate run, with those of other contestants. */
function compareWithTorch(measurements) {
  const refused = [];
  const kept = [...groupBy(measurements, ({ row }) => row)].flatMap(([name, all]) => {
    const checked = all.filter(({ check }) => check !== undefined);
    const { tolerance } = allRows.find((row) => row.name === name);
    const wrong = refuse(
      { tolerance },
      checked.map((one) => ({
        check: one.check,
        one,
        entrant: { ...one, node: { major: one.node } },
      })),
    );
    refused.push(...wrong.map(([{ one }, reason]) => `${name}: ${one.contestant} is left out: ${reason}`));
    const left = new Set(wrong.map(([{ one }]) => one));
    return all.filter((one) => !left.has(one));
  });
  return { kept, refused };
}

/** The columns of a table: contestants with their settings. */
function columnsOf(measurements) {
  const order = [...contestants, "pytorch"];
  const found = groupBy(
    measurements.filter(({ median }) => median !== null),
    ({ contestant, mode, threads }) => JSON.stringify([order.indexOf(contestant), threads, mode]),
  );
  return [...found.keys()]
    .map((key) => JSON.parse(key))
    .toSorted(([a, m, x], [b, n, y]) => a - b || m - n || (x < y ? -1 : 1))
    .map(([place, threads, mode]) => ({ contestant: order[place], threads, mode }));
}

function headingOf({ contestant, mode, threads }) {
  const extras = [mode === "plain" ? "" : mode, threads === 1 ? "" : `${threads} threads`].filter(
    (part) => part !== "",
  );
  return [contestant, ...extras].join(", ");
}

function isOf(column, { contestant, mode, threads }) {
  return contestant === column.contestant && mode === column.mode && threads === column.threads;
}

function tableOf(rows, measurements) {
  const some = rows.filter(({ name }) => measurements.some((one) => one.row === name && one.median !== null));
  if (some.length === 0) return "";
  const columns = columnsOf(measurements.filter((one) => some.some(({ name }) => name === one.row)));
  const cells = some.map(({ name, unit }) => [
    `\`${name}\``,
    unit === "us" ? "µs" : unit,
    ...columns.map((column) => {
      const one = measurements.find((each) => each.row === name && isOf(column, each));
      return one === undefined || one.median === null ? "–" : digits(one.median);
    }),
  ]);
  const head = ["row", "unit", ...columns.map(headingOf)];
  const rule = head.map((_, i) => (i < 2 ? "---" : "---:"));
  return [head, rule, ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** Explanations of the dashes in a table: one line per reason, with its rows. */
function reasonsOf(rows, measurements) {
  const said = rows.flatMap((row) => [
    ...measurements
      .filter((one) => one.row === row.name && one.median === null)
      .map((one) => ({ name: row.name, text: `${headingOf(one)}: ${one.reason}` })),
    ...Object.entries(row.lacks ?? {}).map(([contestant, reason]) => ({
      name: row.name,
      text: `${contestant}: ${reason}`,
    })),
  ]);
  return [...groupBy(said, ({ text }) => text)]
    .map(([text, all]) => `- ${text} (${[...new Set(all.map(({ name }) => `\`${name}\``))].join(", ")})`)
    .join("\n");
}

function pageOf(measurements, machines) {
  const isTorch = ({ contestant }) => contestant === "pytorch";
  const nodes = [...new Set(measurements.filter((one) => !isTorch(one)).map(({ node }) => node))].toSorted(
    (a, b) => Number(b.slice(1).split(".")[0]) - Number(a.slice(1).split(".")[0]),
  );
  const used = new Set(measurements.map(({ unit }) => unit));
  const sections = allGroups.map(({ group, rows }) => {
    const own = measurements.filter(({ row }) => rows.some(({ name }) => name === row));
    if (own.length === 0) return "";
    const tables = nodes.map((node) => {
      const table = tableOf(
        rows,
        own.filter((one) => one.node === node || isTorch(one)),
      );
      return table === "" ? "" : `Node ${node.slice(1)}:\n\n${table}`;
    });
    const what = rows
      .filter(({ name }) => own.some(({ row }) => row === name))
      .map(({ name, title }) => `- \`${name}\`: ${title}`);
    const reasons = reasonsOf(
      rows.filter(({ name }) => own.some(({ row }) => row === name)),
      own,
    );
    return [
      `## ${group}`,
      what.join("\n"),
      ...tables,
      ...(reasons === "" ? [] : [`Without a number:\n\n${reasons}`]),
    ]
      .filter((part) => part !== "")
      .join("\n\n");
  });
  return `# Performance

Medians of one run of \`npm run bench\` ${machineOf(machines)}. To be read as ratios: another machine gives other numbers, and
all contestants of a table took turns on this one${measurements.some(isTorch) ? " (but for PyTorch, which ran by itself)" : ""}. \`bench/README.md\` tells what is measured and how. This page is written by
\`node bench/report.mjs --write\`.

${Object.entries(units)
  .filter(([unit]) => used.has(unit))
  .map(
    ([unit, { says, more }]) =>
      `- ${unit === "us" ? "µs" : unit}: ${says}, ${more ? "more" : "less"} is better`,
  )
  .join("\n")}

${sections.filter((section) => section !== "").join("\n\n")}
`;
}

function machineOf(machines) {
  const [first] = machines;
  if (first === undefined) return "on an unknown machine";
  return `on ${first.date}, ${first.median} cores of ${first.processor}`;
}

/** Writes the table of one thread on the newest Node between the marks of the README, if it has them. */
async function fillReadme(measurements, machines) {
  const file = new URL("README.md", root);
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(opening), text.indexOf(closing)];
  if (from < 0 || to < from) {
    console.error("README.md has no place for the table: it lacks the marks");
    return;
  }
  const newest = Math.max(...measurements.map(({ node }) => Number(/^v(\d+)/.exec(node)?.[1] ?? 0)));
  const some = measurements.filter(
    ({ node, threads, contestant, mode }) =>
      threads === 1 &&
      (contestant === "pytorch" || node.startsWith(`v${newest}.`)) &&
      (mode === "plain" || contestant === "downhill"),
  );
  const titles = shown
    .map((name) => allRows.find((row) => row.name === name))
    .filter(({ name }) => some.some(({ row }) => row === name))
    .map(({ name, title }) => `- \`${name}\`: ${title}`);
  const table = tableOf(
    shown.map((name) => allRows.find((row) => row.name === name)),
    some,
  );
  const body = `Medians of one run ${machineOf(machines)}, Node ${newest}, one thread:\n\n${table}\n\n${titles.join("\n")}`;
  writeFileSync(
    file,
    withFigures(await formatted(`${text.slice(0, from + opening.length)}\n\n${body}\n\n${text.slice(to)}`)),
  );
}

/** Formats a page as the repository's check requires. */
async function formatted(text) {
  const { format, resolveConfig } = await import(new URL("node_modules/prettier/index.mjs", root).href);
  const path = fileURLToPath(new URL("README.md", root));
  return format(text, { ...(await resolveConfig(path)), parser: "markdown" });
}
