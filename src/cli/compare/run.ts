import { extname } from "node:path";
import { toJson } from "../shared/json.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { optionError } from "../shared/words.ts";
import { checkOutput, type OutputFile, writeOutput } from "../shared/write-file.ts";
import { comparePage } from "./page.ts";
import { type ComparedRun, curvesOf, differencesOf, readRuns } from "./runs.ts";
import { showComparison } from "./text.ts";

/** Arguments of `downhill compare` as written on the command line. */
export interface CompareRequest {
  readonly folders: readonly string[];
  readonly out: string | undefined;
  readonly json: boolean;
}

/** Reads the runs and writes their comparison to standard output. If `out` is given, also writes it to a page. */
export async function compareRuns(
  { folders, json, ...request }: CompareRequest,
  { stdout, stderr }: Terminal,
): Promise<void> {
  if (folders.length < 2) {
    throw optionError("a comparison needs two or more runs, as in downhill compare runs/a runs/b.");
  }
  const out = request.out === undefined ? undefined : checkPage(request.out, folders);
  const runs = await readRuns(folders);
  for (const { folder, warnings } of runs) {
    for (const warning of warnings) stderr.write(`warning: ${folder}: ${warning}\n`);
  }
  if (out !== undefined) await writeOutput(out, comparePage(runs));
  if (json) stdout.write(`${toJson(asJson(runs))}\n`);
  else {
    stdout.write(showComparison(runs, paintFor(stdout)));
    if (out !== undefined) stdout.write(`\ncurves: ${out}\n`);
  }
}

function checkPage(out: string, inputs: readonly string[]): OutputFile {
  if (!/^\.html?$/i.test(extname(out))) {
    throw optionError(`--out: the name must end in .html, and ${JSON.stringify(out)} does not.`);
  }
  return checkOutput(out, inputs);
}

function asJson(runs: readonly ComparedRun[]): object {
  const curves = curvesOf(runs);
  return {
    differences: Object.fromEntries(differencesOf(runs).map(([name, ...values]) => [name, values])),
    runs: runs.map(({ folder, steps, history, settings }, i) => ({
      folder,
      steps,
      epochs: history.length,
      settings: settings ?? null,
      curves: Object.fromEntries(
        curves.flatMap(({ title, values }) => (values.has(i) ? [[title, values.get(i)]] : [])),
      ),
    })),
  };
}
