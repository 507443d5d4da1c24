import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Comment, parseSync } from "oxc-parser";

export const root: string = join(import.meta.dirname, "../..");

/** A fenced block of a Markdown file. */
interface Fence {
  readonly file: string;
  readonly line: number; // of its first line of code
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a Markdown file, in order. */
export function fences(file: string): Fence[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    code: match[2] ?? "",
  }));
}

type Statement = ReturnType<typeof parseSync>["program"]["body"][number];

/** A statement of a program, and the lines of the comment behind it or directly below it. */
interface Promised {
  readonly statement: Statement;
  readonly text: string;
  readonly promise: readonly string[];
}

/**
 * The statements of a program with what their comments promise: the comment behind a statement, continued by comments
 * aligned below it, or else the comment lines directly below the statement.
 */
export function promises(code: string): Promised[] {
  const { program, comments, errors } = parseSync("snippet.ts", code, { sourceType: "module" });
  if (errors.length > 0) throw new Error(`the program does not parse: ${errors[0]?.message ?? ""}`);
  const column = (at: number): number => at - code.lastIndexOf("\n", at - 1);
  const after = (end: number, gap: RegExp): Comment | undefined =>
    comments.find(({ type, start }) => type === "Line" && start >= end && gap.test(code.slice(end, start)));
  return program.body.map((statement) => {
    const promise: string[] = [];
    const behind = after(statement.end, /^[ \t;]*$/);
    const first = behind ?? after(statement.end, /^[ \t;]*\n[ \t]*$/);
    for (let comment = first; comment !== undefined; comment = after(comment.end, /^\n[ \t]*$/)) {
      if (behind !== undefined && column(comment.start) !== column(behind.start)) break;
      promise.push(comment.value.replace(/^ /, "").trimEnd());
    }
    return { statement, text: code.slice(statement.start, statement.end), promise };
  });
}

/** Whether a printed text is what a comment promises; `…` or `...` in the comment stands for any text. */
export function agrees(printed: string, promised: string): boolean {
  const pattern = promised
    .trim()
    .split(/…|\.\.\./)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+"))
    .join(".*");
  return new RegExp(`^${pattern}$`, "s").test(printed.trim());
}

/**
 * Like `agrees`, for values. A promised number may have fewer decimals than the printed one, but they must be correct.
 * Both quotes are equal for strings. Spaces within brackets and the length that Node prints for arrays are ignored.
 */
export function shows(promised: string, printed: string): boolean {
  const number = /-?\d+\.\d+(?:e[+-]\d+)?/g;
  const plain = (text: string): string =>
    text
      .replaceAll("'", '"')
      .replace(/(?<=\w)\(\d+\)(?= \[)/g, "")
      .replace(/(?<=[[{])\s+|\s+(?=[\]}])/g, "");
  const decimals = [...plain(promised).matchAll(number)].map(([digits]) => digits);
  const rounded = plain(printed).replace(number, (digits) => {
    const wanted = decimals.shift();
    const places = wanted?.includes("e") ? undefined : wanted?.split(".")[1]?.length;
    return wanted !== undefined && Number(digits).toFixed(places) === wanted ? wanted : digits;
  });
  return agrees(rounded, plain(promised));
}

/** The words of a command line, as a shell splits it. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
