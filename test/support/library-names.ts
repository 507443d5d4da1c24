// Names of other libraries and what replaces them here (docs/library-names.json), and the page generated from them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { namedModules, namesOf } from "./public-names.ts";
import { root } from "./snippets.ts";

/** Names of a library that are not there under the same name, with exactly one of `use`, `code` and `why`. */
interface LibraryRow {
  /** Names separated by spaces. */
  readonly names: string;
  /** Public names that replace them, separated by spaces. */
  readonly use?: string;
  /** Expression that replaces them. Its variables are those of the test. */
  readonly code?: string;
  /** Reason for having no replacement. */
  readonly why?: string;
  readonly remark?: string;
}

interface LibraryNames {
  readonly title: string;
  /** Modules that may have the names. */
  readonly modules: readonly string[];
  /** All names of functions of the library, in lines. */
  readonly names: readonly string[];
  readonly rows: readonly LibraryRow[];
}

export const libraries: readonly LibraryNames[] = JSON.parse(
  readFileSync(join(root, "docs/library-names.json"), "utf8"),
) as LibraryNames[];

const words = (text: string): readonly string[] => text.split(" ");

export const namesIn = ({ names }: LibraryNames): readonly string[] => names.flatMap(words);

/** The name in the spelling of downhill: `logical_and` is `logicalAnd`. */
const inCamelCase = (name: string): string =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** All public names. */
export const publicNames: ReadonlySet<string> = new Set(
  namedModules.flatMap(({ name }) => namesOf(name).map((row) => row.name)),
);

/** Names that downhill has in its own spelling, and the rows of all others. A row with a reason yields to an export. */
export function compareNames(library: LibraryNames): {
  readonly same: readonly string[];
  readonly rows: readonly LibraryRow[];
  readonly unlisted: readonly string[];
} {
  const isNumPy = library.title === "NumPy";
  const there = new Set(
    library.modules
      .flatMap(namesOf)
      .flatMap(({ name, numpy }) => (!isNumPy || numpy === "same" ? [name] : [])),
  );
  const replaced = new Set(library.rows.flatMap(({ names, why }) => (why === undefined ? words(names) : [])));
  const isSame = (name: string): boolean => !replaced.has(name) && there.has(inCamelCase(name));
  const rows = library.rows.flatMap((row) => {
    const names = words(row.names).filter((name) => !isSame(name));
    return names.length === 0 ? [] : [{ ...row, names: names.join(" ") }];
  });
  const listed = new Set(rows.flatMap(({ names }) => words(names)));
  const all = namesIn(library);
  return {
    same: all.filter(isSame).map(inCamelCase),
    rows,
    unlisted: all.filter((name) => !isSame(name) && !listed.has(name)),
  };
}

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const codes = (names: string): string => words(names).map(code).join(", ");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Names by their first letters. */
function initials(names: readonly string[]): readonly (readonly string[])[] {
  const sorted = names.toSorted();
  const letters = [...new Set(sorted.map((name) => name.charAt(0)))];
  return letters.map((letter) => [letter, codes(sorted.filter((name) => name.startsWith(letter)).join(" "))]);
}

function section(library: LibraryNames): string {
  const { same, rows } = compareNames(library);
  const isReplaced = ({ why }: LibraryRow): boolean => why === undefined;
  const replaced = rows
    .filter(isReplaced)
    .map(({ names, use, code: text, remark = "" }) => [
      codes(names),
      use === undefined ? code(text!) : codes(use),
      remark,
    ]);
  const absent = rows.filter((row) => !isReplaced(row)).map(({ names, why }) => [codes(names), why!]);
  return [
    `## ${library.title}`,
    table(["initial", `the same names, in ${library.modules.map(code).join(", ")}`], initials(same)),
    `### ${library.title}: other names and expressions`,
    table([library.title, "here", "remark"], replaced),
    `### ${library.title}: not there`,
    table([library.title, "why"], absent),
  ].join("\n\n");
}

/** The page of names, with the sections between its introduction and the differences written anew. */
export function namesPage(before: string): string {
  const [intro] = before.split("\n## ") as [string];
  const rest = before.slice(before.indexOf("\n## What differs"));
  return `${intro.trimEnd()}\n\n${libraries.map(section).join("\n\n")}\n${rest}`;
}
