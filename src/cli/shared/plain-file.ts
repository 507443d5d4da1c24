import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { elaborate } from "../../numeric/plain/elaborate.ts";
import type { PlainForm } from "../../numeric/plain/form.ts";
import { parseModule } from "../../numeric/plain/module.ts";
import { loadParser } from "../../numeric/plain/parser.ts";
import { reasonOf } from "./write-file.ts";

/** A plain function in a file, as commands name it. */
export interface PlainTarget {
  readonly file: string;
  /** Absent where the file has only one. */
  readonly name: string | undefined;
}

/** `file.ts#name` or `file.ts`; `undefined` for a text that is neither. */
export function plainTarget(text: string): PlainTarget | undefined {
  const found = /^(?<file>[^\n#]+\.[cm]?[jt]s)(?:#(?<name>[\p{ID_Start}$_][\p{ID_Continue}$]*))?$/u.exec(
    text,
  );
  if (found === null) return undefined;
  return { file: found.groups!["file"]!, name: found.groups!["name"] };
}

/**
 * Reads a plain function, and what it calls in modules that it imports by a relative path.
 *
 * @throws DownhillError `file` where a file cannot be read, `plain` for what is outside of the language.
 */
export async function readPlain({ file, name }: PlainTarget): Promise<PlainForm> {
  const parse = await loadParser();
  const text = readText(file);
  const module = parseModule(text, {
    file,
    parse: (source, from) => {
      try {
        return parse(source, from);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new DownhillError("plain", `${from}: ${error.message}.`, { cause: error });
      }
    },
    resolve: (specifier, importer) => importedText(specifier, importer),
  });
  return elaborate(module, name);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new DownhillError("file", `cannot read ${file}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Endings that an import may leave out, or have for the file that TypeScript compiles to. */
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
      continue; // the next ending
    }
  }
  return undefined;
}
