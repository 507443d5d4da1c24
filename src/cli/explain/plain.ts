import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import type { PlainForm } from "../../numeric/plain/form/form.ts";
import { isFloating } from "../../numeric/plain/emit/derive.ts";
import { emitModule } from "../../numeric/plain/emit/module.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { compiledProgram, literal } from "../../pictures/viz/gradient-program.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { tracePage } from "../../pictures/viz/trace-page.ts";
import { plainPageData } from "../../pictures/viz/plain/page-data.ts";
import type { PlainTrace, PlainTraceLine } from "../../pictures/viz/plain/trace.ts";
import { showBytes } from "../../pictures/viz/plain/tape.ts";
import { tracePlain } from "../../pictures/viz/plain/trace.ts";
import { visible } from "../help.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import { readData } from "../shared/data-text.ts";
import { toJson } from "../shared/json.ts";
import type { PlainTarget } from "../shared/plain-file.ts";
import { readPlain, readWithValues } from "../shared/plain-file.ts";
import type { Paint } from "../shared/style.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { checkOutput, type OutputFile, writeOutput } from "../shared/write-file.ts";
import type { ExplainRequest } from "./command.ts";

/** Options of `downhill explain` that apply to a plain function in a file. */
export type PlainRequest = Pick<ExplainRequest, "at" | "iteration" | "json" | "graph">;

/**
 * Explains the derivative of a plain function: if `at` gives its arguments, as a trace of the values of its lines,
 * otherwise as code.
 */
export async function explainPlain(
  target: PlainTarget,
  { at, iteration, json, ...request }: PlainRequest,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const graph = request.graph === undefined ? undefined : checkPage(request.graph, target.file);
  const form = await readPlain(target, [graph]);
  if (at === undefined) {
    const needing = json ? "--json" : graph !== undefined ? "--graph" : "--iteration";
    if (json || graph !== undefined || iteration !== undefined)
      throw new DownhillError("option", `${needing} needs values: ${exampleOf(form)}.`);
    stdout.write(codeOf(form));
    stderr.write(`note: without values the derivative is shown as code: give ${exampleOf(form)}\n`);
    return;
  }
  const iterations = readIterations(iteration);
  const given = readArguments(at, form);
  const { form: own, args } =
    form.captured.length === 0 ? { form, args: given } : await withOuter(target, given);
  const trace = withoutOuter(tracePlain(own, args, iterations), form);
  const text = readFileSync(target.file, "utf8");
  if (graph !== undefined) {
    const page = tracePage(plainPageData(own, args, form.region.name, iterations));
    const program = programOf(form, given, text);
    await writeOutput(graph, program === undefined ? page : withProgram(page, program));
  }
  if (json) {
    stdout.write(`${toJson(trace, 2)}\n`);
    return;
  }
  const source = text.split(/\r\n|[\n\r\u2028\u2029]/);
  const paint = paintFor(stdout);
  stdout.write(showPlainTrace(trace, source, paint, columnsOf(stdout)));
  if (graph !== undefined) stdout.write(`\n${paint("dim", "Graph written to")} ${graph}\n`);
}

/** Returns the function with its outer values as further parameters, and the arguments with these values. */
async function withOuter(
  target: PlainTarget,
  args: readonly unknown[],
): Promise<{ readonly form: PlainForm; readonly args: readonly unknown[] }> {
  const { form, values } = await readWithValues(target, []);
  return {
    form: { ...form, params: [...form.params, ...form.captured], captured: [] },
    args: [...args, ...values],
  };
}

/** Returns the trace without derivatives in outer values. */
function withoutOuter(trace: PlainTrace, { captured }: PlainForm): PlainTrace {
  const isOuter = (input: string): boolean => captured.some(({ name }) => /^\w+/.exec(input)?.[0] === name);
  return { ...trace, inputs: trace.inputs.filter(({ name }) => !isOuter(name)) };
}

function checkPage(graph: string, input: string): OutputFile {
  if (!/^\.html?$/i.test(extname(graph)))
    throw new DownhillError(
      "option",
      `--graph: for a function in a file it is a page: the name must end in .html, and ${JSON.stringify(graph)} does not.`,
    );
  return checkOutput(graph, [input]);
}

/** Returns a program that prints value and gradient. Undefined for a file that imports others, which one program cannot contain. */
function programOf(
  { params, region }: PlainForm,
  args: readonly unknown[],
  text: string,
): string | undefined {
  if (/^\s*import\b/m.test(text)) return undefined;
  return compiledProgram(
    text,
    region.name,
    args.map(literal),
    params.flatMap(({ type }, i) => (isFloating(type) && args[i] !== undefined ? [i] : [])),
  );
}

function exampleOf({ params }: PlainForm): string {
  const needed = params.filter(({ type }) => type.kind !== "optional");
  const shown = needed.length > 0 ? needed : params;
  return `--at '${shown.map(({ name }) => `${name}=…`).join(", ")}'`;
}

/** Returns the code of the function and of its gradient in all floating-point parameters. */
function codeOf(form: PlainForm): string {
  const active = form.params.flatMap(({ name, type }) => (isFloating(type) ? [name] : []));
  return emitModule(form, {
    value: true,
    grad: active,
    head: [`${form.region.name}: the function, and its gradient in ${active.join(", ")}`],
  }).code;
}

/**
 * Reads an argument for each parameter from a text such as `w=[1, 2], p={ x: 1, y: 2 }`; `undefined` for optional
 * parameters that it leaves out.
 */
function readArguments(text: string, { params, region }: PlainForm): unknown[] {
  const given = new Map<string, unknown>();
  for (const part of splitAtCommas(text)) {
    const [, name, value] =
      /^\s*(?<name>[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=(?<value>.*)$/su.exec(part) ?? [];
    if (name === undefined || value === undefined)
      throw new DownhillError("option", `--at: ${JSON.stringify(part.trim())} is not name=value.`);
    if (!params.some((param) => param.name === name))
      throw new DownhillError(
        "option",
        `--at: ${region.name} has no parameter ${name}; it has ${params.map((param) => param.name).join(", ")}.`,
      );
    const data = readData(value);
    if (data === undefined)
      throw new DownhillError(
        "option",
        `--at: ${name}: ${JSON.stringify(value.trim())} is not a number, list or object of numbers.`,
      );
    given.set(name, data);
  }
  const missing = params
    .filter(({ name, type }) => !given.has(name) && type.kind !== "optional")
    .map(({ name }) => name);
  if (missing.length > 0) throw new DownhillError("option", `--at has no value for ${missing.join(", ")}.`);
  return params.map(({ name }) => given.get(name));
}

function readIterations(text: string | undefined): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const part of text === undefined ? [] : text.split(",")) {
    const [, index, value] = /^\s*(?<index>\S+?)\s*=\s*(?<value>-?\d+)\s*$/.exec(part) ?? [];
    if (index === undefined)
      throw new DownhillError("option", `--iteration: ${JSON.stringify(part.trim())} is no i=2.`);
    wanted.set(index, Number(value));
  }
  return wanted;
}

const digits = 6;
const widestSource = 56; // columns; longer lines are cut

/**
 * Shows the trace as text: source lines next to their values in the forward pass, and the derivatives of the result in
 * the backward pass.
 */
function showPlainTrace(
  trace: PlainTrace,
  source: readonly string[],
  paint: Paint,
  columns: number | undefined,
): string {
  const { name, file, inputs, lines, shown, value } = trace;
  const first = Math.min(...lines.map(({ line }) => line));
  const indent = Math.min(...lines.map(({ line }) => /^\s*/.exec(source[line - 1] ?? "")![0].length));
  const lastLine = Math.max(first, ...lines.map(({ line }) => line));
  const numberWidth = String(lastLine).length;
  const sourceOf = (line: number): string => {
    const text = (source[line - 1] ?? "").slice(indent).trimEnd();
    return text.length > widestSource ? `${text.slice(0, widestSource - 1)}…` : text;
  };
  const width = Math.min(widestSource, Math.max(...lines.map(({ line }) => sourceOf(line).length)));
  const row = (line: number, isSame: boolean, cell: string): string => {
    const number = isSame ? "" : String(line);
    const text = isSame ? "" : sourceOf(line);
    return `  ${paint("dim", number.padStart(numberWidth))}  ${text.padEnd(width)}   ${cell}`.trimEnd();
  };
  const table = (list: readonly PlainTraceLine[], cellOf: (line: PlainTraceLine) => string): string[] =>
    list.map((entry, i) => row(entry.line, list[i - 1]?.line === entry.line, cellOf(entry)));
  const number = (x: number): string => showNumber(x, digits);
  const iteration =
    shown.length === 0
      ? ""
      : `, in the iteration ${shown.map(({ index, value: at }) => `${index} = ${at}`).join(", ")}`;
  const forward = table(lines, (entry) => {
    if (entry.kind === "loop") return paint("dim", `${entry.count} iteration${entry.count === 1 ? "" : "s"}`);
    const slopes = entry.local
      .map(({ source: of, derivative }) => `∂/∂${of} = ${number(derivative)}`)
      .join("  ");
    const own = entry.text === undefined ? number(entry.value) : JSON.stringify(entry.text);
    return `${entry.target} = ${paint("cyan", own)}   ${paint("dim", slopes)}`.trimEnd();
  });
  const values = lines.filter((entry) => entry.kind === "value" && entry.text === undefined).toReversed();
  const reverse = table(values, (entry) => {
    if (entry.kind === "loop") return "";
    const { derivative, local, target } = entry;
    const parts = local.map(
      ({ source: of, derivative: slope }) => `${of} += ${number(derivative)} · ${number(slope)}`,
    );
    return `∂${name}/∂${target} = ${paint("cyan", number(derivative))}   ${paint("dim", parts.join("  "))}`.trimEnd();
  });
  const gradient = inputs.map(
    (input) => `  ∂${name}/∂${input.name} = ${paint("cyan", number(input.derivative))}`,
  );
  const clip = (line: string): string =>
    columns === undefined || visible(line) <= columns ? line : line.replace(/\s{3}\S*∂\/∂.*$/u, "");
  return [
    `${paint("bold", name)}  ${paint("dim", file)}`,
    "",
    paint("bold", `Forward: values and local derivatives, in the order of the program${iteration}`),
    ...forward.map(clip),
    `  ${name} = ${paint("cyan", number(value))}`,
    "",
    paint("bold", "Reverse: the derivative of the result by each value, from the last to the first"),
    ...reverse.map(clip),
    "",
    paint("bold", "Gradient"),
    ...shorten(gradient),
    "",
    ...recorded(trace, row, paint),
    "",
  ].join("\n");
}

/** Shows the values that the compiled gradient saves for the backward pass, by statement. */
function recorded(
  { tape }: PlainTrace,
  row: (line: number, isSame: boolean, cell: string) => string,
  paint: Paint,
): readonly string[] {
  const total = tape.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0)
    return [
      `${paint("bold", "Recorded for the backward pass by compiled code")}: nothing, the rest is computed again`,
    ];
  return [
    `${paint("bold", "Recorded for the backward pass by compiled code")}: ${showBytes(total)}`,
    ...tape.map(({ line, values, bytes }, i) =>
      row(
        line ?? 0,
        line === undefined || tape[i - 1]?.line === line,
        `${paint("cyan", showBytes(bytes))}   ${paint("dim", values.join(", "))}`,
      ),
    ),
  ];
}

const mostInputs = 24;

function shorten(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostInputs) return lines;
  return [...lines.slice(0, mostInputs), `  … and ${lines.length - mostInputs} more; --json has all`];
}
