import { DownhillError } from "../../engine/errors/index.ts";
import type { Table } from "../../training/io/index.ts";
import { quote, readChoice } from "./words.ts";

/** Reads the value of `--decimal` for `readTable`. @throws DownhillError `option` */
export function readDecimal(text: string | undefined): "auto" | "." | "," {
  if (text === undefined) return "auto";
  if (text === "." || text === ",") return text;
  return readChoice("--decimal", text, ["point", "comma"]) === "comma" ? "," : ".";
}

/** Returns the notes of a table, with their advice in terms of command-line options. */
export function notesInWords(
  { notes = [] }: Table,
  { hasCategories }: { readonly hasCategories: boolean },
): readonly string[] {
  return notes.map((note) =>
    note.replace(
      / To keep all digits, read the column as text with text: \[(".*")\]\.$/,
      (_, name: string) =>
        hasCategories ? ` If these are names, write --categories ${quote(JSON.parse(name) as string)}.` : "",
    ),
  );
}

/** Rewords an error about a table: advice about function options becomes advice about command-line options. */
export function inWordsOfTables(
  { message, code }: DownhillError,
  { hasCategories }: { readonly hasCategories: boolean },
): DownhillError {
  const names = hasCategories ? "; list names that look like numbers with --categories" : "";
  return new DownhillError(
    code,
    message
      .replace(
        /, take the row out, or keep such cells as they are with missing: "keep"\./,
        " or take the row out.",
      )
      .replace(
        /Correct it, or read the column as text with text: \[.*\]\./s,
        `Correct it or take the row out${names}.`,
      )
      .replace(
        `remove such rows with dropMissing, or replace it with missing: "mean".`,
        "leave such rows out with --missing drop, or fill them in with --missing mean.",
      )
      .replace(
        /column ("(?:[^"\\]|\\.)*")( is text with .*)Leave the column out, or set maxCategories: (\d+)\./s,
        (_, name: string, what: string, count: string) =>
          `column ${name}${what}Leave it out with --without ${quote(JSON.parse(name) as string)}, or set --max-categories ${count}.`,
      )
      .replace(`with decimal: "." or decimal: ",".`, "with --decimal point or --decimal comma.")
      .replace(`Is task: "classification" meant?`, "Is --task classification meant?")
      .replace(
        "Name the columns to use as features.",
        "Name the columns to predict from with --features a,b,…",
      )
      .replace(
        /Name the columns to read with columns: \[…\]/,
        hasCategories
          ? "Name the columns to predict from with --features a,b,…"
          : "Write the columns of the formula to a file of their own",
      )
      .replace("Is header: false meant?", "Is --no-header meant?"),
  );
}
