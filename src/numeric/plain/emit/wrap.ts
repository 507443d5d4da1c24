// Breaks long lines of JavaScript as prettier would: at the outermost operators, or within brackets.

/** Maximum line width in columns. */
const width = 110;

/** Breaks a line of code, given without its `indent` columns of indentation, into several if it is too long. */
export function wrapLine(line: string, indent: number): string[] {
  if (indent + line.length <= width || line.startsWith("for ") || line.startsWith("//")) return [line];
  const found = /^(?<start>(?:const|let) [\w$]+ = |return |throw |[^=;"]+? [-+*]?= )(?<value>.*);$/.exec(
    line,
  )?.groups;
  if (found === undefined) return broken(line, indent);
  const [start, value] = [found["start"]!, found["value"]!];
  const [first, ...rest] = broken(value, indent, start.length);
  const lines = [`${start}${first}`, ...rest];
  return [...lines.slice(0, -1), `${lines.at(-1)!};`];
}

/**
 * Operators at which lines are broken, grouped by precedence, lowest first. In conditional expressions the operator
 * begins a line.
 */
const levels: readonly (readonly string[])[] = [
  [" ? ", " : "],
  [" || "],
  [" && "],
  [" + ", " - "],
  [" * ", " / "],
];

/** Breaks an expression into lines. The first follows `before` columns of text. */
function broken(text: string, indent: number, before = 0): string[] {
  if (indent + before + text.length < width) return [text];
  const { outer, brackets } = structureOf(text);
  for (const operators of levels) {
    const places = outer.filter((at) => operators.some((operator) => text.startsWith(operator, at)));
    if (places.length === 0) continue;
    const isFirst = operators[0] === " ? ";
    const ends = places.map((at) => (isFirst ? at : at + 2));
    const parts = [0, ...ends.map((end) => end + 1)].map((from, i) => text.slice(from, ends[i]));
    return parts.flatMap((part, i) => {
      const deeper = i === 0 ? indent : indent + 2;
      const lines = broken(part, deeper, i === 0 ? before : 0);
      return i === 0 ? lines : lines.map((line) => `  ${line}`);
    });
  }
  const longest = brackets.toSorted((a, b) => b.close - b.open - (a.close - a.open))[0];
  if (longest === undefined || longest.close - longest.open < 2) return [text];
  const { open, close } = longest;
  const inside = text.slice(open + 1, close).trim();
  const items = splitAt(inside, structureOf(inside).commas);
  const isList = takesComma(text, open);
  const lines = items.flatMap((item, i) => {
    const comma = i < items.length - 1 || isList ? "," : "";
    const parts = broken(item, indent + 2);
    return [...parts.slice(0, -1), parts.at(-1)! + comma].map((part) => `  ${part}`);
  });
  return [text.slice(0, open + 1), ...lines, text.slice(close)];
}

/** True if the items in a bracket may have a trailing comma: arguments, and elements of arrays and objects. */
function takesComma(text: string, open: number): boolean {
  const isBehindValue = /[\w$\])]$/.test(text.slice(0, open));
  if (text[open] === "{") return true;
  if (text[open] === "[") return !isBehindValue;
  return isBehindValue && !/\b(?:if|while)$/.test(text.slice(0, open).trim());
}

interface LineStructure {
  /** Offsets of the spaces at which a line may be broken: outside of brackets and strings. */
  readonly outer: readonly number[];
  readonly commas: readonly number[];
  readonly brackets: readonly { readonly open: number; readonly close: number }[];
}

function structureOf(text: string): LineStructure {
  const [outer, commas]: [number[], number[]] = [[], []];
  const brackets: { open: number; close: number }[] = [];
  let depth = 0;
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"') {
      while (text[++at] !== '"' && at < text.length) if (text[at] === "\\") at++;
    } else if ("([{".includes(letter)) {
      if (depth++ === 0) open = at;
    } else if (")]}".includes(letter)) {
      if (--depth === 0) brackets.push({ open, close: at });
    } else if (depth === 0 && letter === " ") outer.push(at);
    else if (depth === 0 && letter === ",") commas.push(at);
  }
  return { outer, commas, brackets };
}

function splitAt(text: string, commas: readonly number[]): string[] {
  return [0, ...commas.map((at) => at + 1)].map((from, i) => text.slice(from, commas[i]).trim());
}
