/** Position of a call in the user's code: file, and 1-based line and column, as in a stack trace. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Parses `file:line:column`. Returns undefined for any other text. */
export function readPlace(text: string): CallSite | undefined {
  const [, file, line, column] = /^(?<file>.+):(?<line>\d+):(?<column>\d+)$/.exec(text) ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}

const fewestPlaces = 3; // minimum number of call sites within the text; fewer may match by chance

/**
 * For each call site, returns the name of the variable to which the statement `name = …` assigns the call's result. It
 * is `undefined` if the statement ends with another call or assigns nothing. The start of the text in its file is found
 * by matching all call sites against the text. There are no names if no start or several starts match, for example
 * because the text differs from the file.
 *
 * @param text source of the function, as returned by `toString`
 */
export function variableNames(
  text: string,
  places: readonly (CallSite | undefined)[],
): readonly (string | undefined)[] {
  const lines = text.split("\n");
  const start = beginningOf(lines, places);
  if (start === undefined) return places.map(() => undefined);
  const names = new Map(assignedCalls(text).map(({ line, column, name }) => [`${line} ${column}`, name]));
  return places.map((place) =>
    place?.file === start.file ? names.get(`${place.line - start.line} ${place.column - 1}`) : undefined,
  );
}

/** Finds the file of a text and the line at which the text starts; `undefined` if none or several fit. */
function beginningOf(
  lines: readonly string[],
  places: readonly (CallSite | undefined)[],
): { readonly file: string; readonly line: number } | undefined {
  const files = new Map<string, Map<string, CallSite>>(); // each call site once
  for (const place of places) {
    if (place === undefined) continue;
    const list = files.get(place.file) ?? new Map<string, CallSite>();
    files.set(place.file, list.set(`${place.line} ${place.column}`, place));
  }
  const fitting: { file: string; line: number }[] = [];
  for (const [file, list] of files) {
    const known = [...list.values()];
    const candidates = new Set(
      known.flatMap(({ line }) => lines.map((_, i) => line - i).filter((start) => start > 0)),
    );
    for (const start of candidates) {
      // Columns of the first line refer to the file, not to the text.
      const inside = known.filter(({ line }) => line > start && line < start + lines.length);
      const isCall = ({ line, column }: CallSite): boolean =>
        /^[\p{L}_$][\p{L}\p{N}_$]*\s*\(/u.test(lines[line - start]!.slice(column - 1)) &&
        !/[\p{L}\p{N}_$]$/u.test(lines[line - start]!.slice(0, column - 1));
      if (inside.length >= Math.min(fewestPlaces, known.length) && inside.length > 1 && inside.every(isCall))
        fitting.push({ file, line: start });
    }
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}

const assignment =
  /^[ \t]*(?:for\s*\([^\n]*\)\s*)?(?:(?:const|let|var)\s+)?(?<name>[\p{L}_$][\p{L}\p{N}_$]*)(?:\s*:[^=;\n]+)?\s*=(?![=>])\s*/gmu;

/** Finds the calls whose result a statement assigns directly to a variable, with 0-based line and column. */
function assignedCalls(
  text: string,
): { readonly line: number; readonly column: number; readonly name: string }[] {
  return [...text.matchAll(assignment)].flatMap((match) => {
    const name = match.groups?.["name"] ?? "";
    const from = match.index + match[0].length;
    const end = endOfStatement(text, from);
    const statement = text.slice(from, end).trimEnd();
    const open = statement.endsWith(")") ? openingOf(statement) : -1;
    const callee = open < 0 ? undefined : /[\p{L}_$][\p{L}\p{N}_$]*\s*$/u.exec(statement.slice(0, open));
    if (!callee) return [];
    const before = text.slice(0, from + callee.index).split("\n");
    return [{ name, line: before.length - 1, column: before.at(-1)!.length }];
  });
}

/**
 * Returns the end index of the statement that contains `from`: a semicolon, or a line end that is not followed by an
 * operator.
 */
function endOfStatement(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if ("([{".includes(c)) depth++;
    else if (")]}".includes(c) && --depth < 0) return i;
    else if (depth === 0 && c === ";") return i;
    else if (depth === 0 && c === "\n" && !/^\s*[.([+\-*/%?:&|,=<>`]/.test(text.slice(i))) return i;
  }
  return text.length;
}

/** Returns the index of the parenthesis that the last character closes; −1 if the text has no such parenthesis. */
function openingOf(statement: string): number {
  let depth = 0;
  for (let i = statement.length - 1; i >= 0; i--) {
    if (statement[i] === ")") depth++;
    else if (statement[i] === "(" && --depth === 0) return i;
  }
  return -1;
}
