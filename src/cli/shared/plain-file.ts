import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { plainOf } from "../../engine/transforms/plain.ts";
import { functionOf } from "../../numeric/plain/call/attach.ts";
import { elaborate } from "../../numeric/plain/elaborate/elaborate.ts";
import type { PlainForm } from "../../numeric/plain/form/form.ts";
import { writtenValue } from "../../numeric/plain/names/written.ts";
import type { Module } from "../../numeric/plain/syntax/module.ts";
import { findMarked, parseModule } from "../../numeric/plain/syntax/module.ts";
import { loadParser } from "../../numeric/plain/syntax/parser.ts";
import { type OutputFile, reasonOf, refuseInputs } from "./write-file.ts";

/** A plain function in a file, as given on the command line. */
export interface PlainTarget {
  readonly file: string;
  /** Name of the function; absent if the file is to have only one. */
  readonly name: string | undefined;
}

/** Parses `file.ts#name` or `file.ts`; `undefined` for any other text. */
export function plainTarget(text: string): PlainTarget | undefined {
  const found = /^(?<file>[^\n#]+\.[cm]?[jt]s)(?:#(?<name>[\p{ID_Start}$_][\p{ID_Continue}$]*))?$/u.exec(
    text,
  );
  if (found === null) return undefined;
  return { file: found.groups!["file"]!, name: found.groups!["name"] };
}

/** True if a readable file contains a plain function. `file.ts` without a name may also be another kind of module. */
export function holdsPlain(file: string): boolean {
  return existsSync(file) && /(?<quote>["'])use ad\k<quote>/.test(readText(file));
}

/** Files that a command will write; undefined ones are not written. */
type OutputFiles = readonly (OutputFile | undefined)[];

/**
 * Reads a plain function, and the functions it calls in modules that it imports by a relative path.
 *
 * @throws DownhillError `file` if a file cannot be read, `plain` for code outside the supported language, `option` if
 *   one of the modules is an output.
 */
export async function readPlain({ file, name }: PlainTarget, outputs: OutputFiles): Promise<PlainForm> {
  return elaborate(await readModule(file, outputs), name);
}

/** A plain function of a file that can be called. */
export interface RunnablePlain {
  readonly form: PlainForm;
  /** The function over tensors. Its arguments keep their structure; each number and array is a tensor. */
  readonly overTensors: (...args: unknown[]) => unknown;
}

/**
 * Reads a plain function as a callable function. The file is not run, so that outer values of the function must be
 * literals.
 *
 * @throws DownhillError as `readPlain`, and `plain` if an outer value is not a literal.
 */
export async function readRunnable(target: PlainTarget, outputs: OutputFiles): Promise<RunnablePlain> {
  const { form, values } = await readWithValues(target, outputs);
  const { overTensors } = plainOf(functionOf(form, () => values))!;
  return { form, overTensors: overTensors as RunnablePlain["overTensors"] };
}

/** Reads a plain function, and the outer values that it reads. Throws as `readRunnable`. */
export async function readWithValues(
  { file, name }: PlainTarget,
  outputs: OutputFiles,
): Promise<{ readonly form: PlainForm; readonly values: readonly unknown[] }> {
  const module = await readModule(file, outputs);
  const marked = findMarked(module, name);
  const form = elaborate(module, marked);
  const values = form.captured.map((outside) => {
    const value = writtenValue(outside.name, module, marked.around);
    if (value !== undefined) return value;
    throw new DownhillError(
      "plain",
      `${file}: ${form.region.name} reads ${outside.name}, whose value is unknown because the file is not run: write it as a literal, or make it a parameter.`,
    );
  });
  return { form, values };
}

async function readModule(file: string, outputs: OutputFiles): Promise<Module> {
  const parse = await loadParser();
  const refuseOutput = (input: string): void => {
    for (const output of outputs) if (output !== undefined) refuseInputs(output, [input]);
  };
  refuseOutput(file);
  return parseModule(readText(file), {
    file,
    parse: (source, from) => {
      try {
        return parse(source, from);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new DownhillError("plain", `${from}: ${error.message}.`, { cause: error });
      }
    },
    resolve: (specifier, importer) => {
      const imported = importedText(specifier, importer);
      if (imported !== undefined) refuseOutput(imported.file);
      return imported;
    },
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new DownhillError("file", `cannot read ${file}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Extensions that an import may omit, or replace with that of the compiled file. */
const endings = ["", ".ts", ".mts", ".js", ".mjs"];

function importedText(
  specifier: string,
  importer: string,
): { readonly text: string; readonly file: string } | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = resolve(dirname(importer), specifier);
  const candidates = [...endings.map((ending) => path + ending), path.replace(/\.(?<m>m?)js$/, ".$<m>ts")];
  for (const file of candidates) {
    try {
      return { text: readFileSync(file, "utf8"), file };
    } catch {
      continue; // try the next extension
    }
  }
  return undefined;
}
