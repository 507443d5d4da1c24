import { DownhillError } from "../../errors/index.ts";

/** What is wrong with a table, with repairs as options of a command where they were told as options of functions. */
export function inWordsOfTables({ message, code }: DownhillError): DownhillError {
  return new DownhillError(
    code,
    message
      .replace(
        /, take the row out, or keep such cells as they are with missing: "keep"\./,
        " or take the row out.",
      )
      .replace(
        /Correct it, or read the column as text with text: \[.*\]\./s,
        "Correct it or take the row out.",
      )
      .replace(`Is task: "classification" meant?`, "Is --task classification meant?")
      .replace(
        "Name the columns to use as features.",
        "Name the columns to predict from with --features a,b,…",
      )
      .replace("Is header: false meant?", "Is --no-header meant?"),
  );
}
