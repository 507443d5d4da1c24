import { DownhillError } from "../../engine/errors/index.ts";
import type { CompiledText } from "../../numeric/syntax/index.ts";
import { compileText, showExpr } from "../../numeric/syntax/index.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { textProgram } from "../../pictures/viz/gradient-program.ts";
import type { TraceTable } from "../../pictures/viz/index.ts";
import { toDot, toHtml, toMermaid, traceText } from "../../pictures/viz/index.ts";
import { drawTrace } from "../../pictures/viz/to-svg.ts";
import { plainTarget } from "../shared/plain-file.ts";
import { readNames, readSeed, readValues } from "../shared/assignments.ts";
import type { ExplainRequest } from "./command.ts";
import { showTrace } from "./text.ts";
import { toJson } from "../shared/json.ts";
import { type PictureFormats, pictureFormatter } from "../shared/picture/formatter.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";

/** Traces the formula, or the function in a file, and writes the requested output. */
export async function explain(
  { text, at, iteration, seed, wrt, json, ...request }: ExplainRequest,
  terminal: Terminal,
): Promise<void> {
  const { stdout, stderr } = terminal;
  const target = plainTarget(text.trim());
  if (target !== undefined) {
    refuseForFiles({ seed, wrt });
    const { explainPlain } = await import("./plain.ts");
    await explainPlain(target, { at, iteration, json, graph: request.graph }, terminal);
    return;
  }
  if (iteration !== undefined)
    throw new DownhillError("option", "--iteration is for functions in files: a formula has no loops.");
  const draw =
    request.graph === undefined ? undefined : await pictureFormatter("--graph", request.graph, graphFormats); // reports a bad path before any work
  const graph = request.graph === undefined ? undefined : checkOutput(request.graph, []);
  const compiled = compileText(text, { startValues: true });
  const { inputs, starts } = compiled;
  // A formula whose inputs all have values, or which has no inputs, needs no --at.
  const unknown = inputs.filter((name) => !starts.has(name));
  const values =
    at !== undefined
      ? readValues("--at", at, inputs, starts)
      : unknown.length === 0
        ? inputs.map((name) => starts.get(name)!)
        : undefined;
  if (values === undefined && starts.size > 0) {
    const missing = unknown.map((name) => `${name}=…`).join(",");
    stderr.write(
      `note: ${unknown.join(", ")} ${unknown.length === 1 ? "has" : "have"} no value, so the trace is symbolic: give --at ${missing}\n`,
    );
  }
  if (seed !== undefined && values === undefined) {
    throw new DownhillError(
      "option",
      "--seed needs the values of the inputs: give them with --at, as in --at x=2,y=3.",
    );
  }
  const table = traceText(compiled, {
    ...(values === undefined ? {} : { at: values }),
    ...(seed === undefined ? {} : { seeds: [readSeed(seed, inputs)] }),
    ...(wrt === undefined ? {} : { wrt: readNames("--wrt", wrt, inputs) }),
  });
  if (graph !== undefined && draw !== undefined) {
    const program = values === undefined ? undefined : textProgram(compiled, text, values.map(String));
    await writeOutput(graph, await draw({ table, title: titleOf(compiled), program }));
  }
  if (json) stdout.write(`${toJson(table, 2)}\n`);
  else {
    const paint = paintFor(stdout);
    stdout.write(showTrace(table, paint, columnsOf(stdout)));
    if (graph !== undefined) stdout.write(`\n${paint("dim", "Graph written to")} ${graph}\n`);
  }
}

/** Refuses options that only apply to formulas. */
function refuseForFiles(options: Readonly<Record<string, string | undefined>>): void {
  const given = Object.keys(options).find((option) => options[option] !== undefined);
  if (given !== undefined)
    throw new DownhillError(
      "option",
      `--${given} is for formulas. For a function in a file, explain shows all derivatives; --at and --iteration select the point.`,
    );
}

const longestTitle = 100; // characters

/**
 * Returns the formula as one line of mathematics, without comments. If that is longer than `longestTitle`, returns only
 * the name of its result.
 */
function titleOf({ statements, outputName }: CompiledText): string {
  const title = statements.map(({ name, value }) => `${name} = ${showExpr(value)}`).join("; ");
  return title.length <= longestTitle ? title : outputName;
}

/** A trace with the title of its page, and its program if the inputs have values. */
interface TitledTrace {
  readonly table: TraceTable;
  readonly title: string;
  readonly program: string | undefined;
}

const graphFormats: PictureFormats<TitledTrace> = {
  picture: ({ table }) => drawTrace(table),
  page: ({ table, title, program }) => {
    const page = toHtml(table, { title });
    return program === undefined ? page : withProgram(page, program);
  },
  others: {
    ".dot": ({ table }) => toDot(table),
    ".gv": ({ table }) => toDot(table),
    ".mmd": ({ table }) => toMermaid(table),
  },
};
