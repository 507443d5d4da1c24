// Advice on faults that beginners make in JavaScript: mathematical notation, Python, misspelt names.

/** A fault in a line of code, with the repair. */
interface SyntaxAdvice {
  readonly pattern: RegExp;
  readonly advise: (groups: Readonly<Record<string, string>>) => string;
}

const python =
  "This is Python, and the course uses JavaScript. A function begins with function f(x) { and ends with }.";

/** Faults of one line, most specific first. Patterns see the line without texts and comments. */
const faultsOfLines: readonly SyntaxAdvice[] = [
  {
    pattern: /^\s*(?:def\s|elif\b|from\s+\w+\s+import\b|import\s+\w+\s+as\b)|\blambda\b/,
    advise: () => python,
  },
  {
    pattern: /(?<mark>[·⋅∙•×])/,
    advise: ({ mark }) => `Write * for a product instead of ${mark!}.`,
  },
  { pattern: /(?<mark>[÷∕⁄])/, advise: ({ mark }) => `Write / for a quotient instead of ${mark!}.` },
  {
    pattern: /(?<mark>[−–—])/,
    advise: ({ mark }) => `Write the minus sign - of the keyboard instead of ${mark!}.`,
  },
  {
    pattern: /(?<base>[\p{L}\d_)]+)(?<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿˣ]+)/u,
    advise: ({ base, raised }) =>
      `Write ** for a power: ${base!} ** ${plainOf(raised!)} instead of ${base!}${raised!}.`,
  },
  { pattern: /√/, advise: () => "Write Math.sqrt(x) instead of √x." },
  { pattern: /(?<mark>[“”„‘’])/, advise: ({ mark }) => `Write straight quotes instead of ${mark!}.` },
  {
    pattern: /(?<name>[\p{L}_]\w*)'\s*\(/u,
    advise: ({ name }) => `A name must not contain an apostrophe: write a new name instead of ${name!}'.`,
  },
  {
    pattern: /\b(?<word>Return|RETURN|Function|Let|Const|If|Else|For|While)\b/,
    advise: ({ word }) => `Write ${word!.toLowerCase()} in small letters instead of ${word!}.`,
  },
  {
    pattern: /(?<![\w.$])(?<number>(?:\d+\.?\d*|\.\d+))(?<name>[\p{L}_][\w.]*)/u,
    advise: ({ number, name }) => productAdvice(number!, name!, ""),
  },
  {
    pattern: /(?<![\w.$])(?<number>\d+\.?\d*)\s+(?!(?:in|of|instanceof)\b)(?<name>[\p{L}_][\w.]*)/u,
    advise: ({ number, name }) => productAdvice(number!, name!, " "),
  },
  {
    pattern:
      /(?<![\p{L}\d_.$])(?<left>(?!(?:return|const|let|var|function|if|else|for|while|do|new|typeof|void|delete|of|in|instanceof|case|throw|await|async|yield|class|static|get|set|import|export|from|as|type|interface)\b)[\p{L}_]\w*) +(?<right>(?!(?:of|in|instanceof|from|as)\b)[\p{L}_]\w*)/u,
    advise: ({ left, right }) => `Write * between the factors ${left!} and ${right!}.`,
  },
  {
    pattern: /(?<left>\))\s*(?!(?:in|of|instanceof|return|else)\b)(?<right>[\p{L}_][\w.]*)(?!.*\{)/u,
    advise: ({ right }) => `Write * between the factors ) and ${right!}.`,
  },
];

function productAdvice(left: string, right: string, space: string): string {
  return `Write * between factors: ${left} * ${right} instead of ${left}${space}${right}.`;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿˣ";
const plainForms = "0123456789nx";

function plainOf(raised: string): string {
  return [...raised].map((c) => plainForms[superscripts.indexOf(c)]!).join("");
}

/** Replaces comments and texts by spaces of their length, so that offsets remain valid. */
function withoutTexts(code: string): string {
  const text = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return code.replaceAll(text, (found) => found.replaceAll(/[^\n]/g, " "));
}

/**
 * Message for code that the parser rejects: the line, the repair of a common fault, otherwise the reason of the parser.
 *
 * @param start offset at which the parser stopped
 */
export function syntaxProblem(code: string, start: number, reason: string): string {
  const before = code.slice(0, start).split("\n");
  const lines = code.split("\n");
  const bare = withoutTexts(code).split("\n");
  // The parser may stop after the fault: at the beginning of the next line.
  for (const line of [before.length - 1, before.length - 2]) {
    const found = [bare[line], lines[line]].flatMap((text) => adviceOnLine(text ?? ""))[0];
    if (found !== undefined) return `Line ${line + 1}: ${found}`;
  }
  if (/return.*outside/.test(reason))
    return `Line ${before.length}: return is outside of a function. Keep the line with function above it, and } below it.`;
  return unbalanced(withoutTexts(code)) ?? `Line ${before.length}: ${reason}`;
}

function adviceOnLine(line: string): readonly string[] {
  return faultsOfLines.flatMap(({ pattern, advise }) => {
    const groups = pattern.exec(line);
    return groups === null ? [] : [advise(groups.groups ?? {})];
  });
}

const brackets = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
] as const;

/** Message for brackets without a partner. */
function unbalanced(bare: string): string | undefined {
  for (const [open, close] of brackets) {
    const more = bare.split(open).length - bare.split(close).length;
    if (more > 0) return `A closing ${close} is missing.`;
    if (more < 0) return `There is a closing ${close} without an opening ${open}.`;
  }
  return undefined;
}

/** Names of other languages and of mathematics, with the JavaScript for them. */
const translations: Readonly<Record<string, string>> = {
  ln: "Math.log",
  pi: "Math.PI",
  Pi: "Math.PI",
  PI: "Math.PI",
  π: "Math.PI",
  e: "Math.E",
  fabs: "Math.abs",
  power: "**",
  arcsin: "Math.asin",
  arccos: "Math.acos",
  arctan: "Math.atan",
  True: "true",
  False: "false",
  None: "null",
  print: "console.log",
  sum: "a loop or values.reduce((a, b) => a + b)",
  len: "values.length",
  range: "a loop: for (let i = 0; i < n; i++)",
};

/** Libraries of Python that beginners write instead of `Math`. */
const pythonLibraries = new Set(["np", "numpy", "math", "torch", "jnp", "tf"]);

/** Message for a name that is not defined. */
export function nameProblem(name: string, code: string): string {
  const fault = `${name} is not defined.`;
  if (pythonLibraries.has(name)) return `${fault} Write Math instead: Math.sin(x), Math.exp(x).`;
  if (Object.hasOwn(translations, name)) return `${fault} Write ${translations[name]!} instead.`;
  if (new RegExp(`(?<![\\w$])${name}\\s*\\([^)]*\\)\\s*=(?!=)`).test(withoutTexts(code)))
    return `${fault} Define it with function ${name}(x) { return …; }.`;
  const lower = name.toLowerCase();
  if (name !== lower && new RegExp(`(?<![\\w$])${lower}(?![\\w$])`).test(withoutTexts(code)))
    return `${fault} Do you mean ${lower}? JavaScript distinguishes capital letters.`;
  if (Object.hasOwn(Math, lower)) return `${fault} Write Math.${lower} instead.`;
  if (!/\bfunction\b|=>/.test(withoutTexts(code)))
    return `${fault} Keep the line that begins with function, and write below it, or press “Start again”.`;
  return fault;
}

/**
 * Advice for code that calls its own function, such as `sin`, instead of the one of `Math`. `undefined` if it calls no such function.
 */
export function ownFunctionAdvice(code: string): string | undefined {
  const bare = withoutTexts(code);
  for (const { groups } of bare.matchAll(/\bfunction\s+(?<name>\w+)/g)) {
    const name = groups!["name"]!;
    if (!Object.hasOwn(Math, name)) continue;
    if (new RegExp(`(?<!\\.|\\bfunction\\s+)\\b${name}\\s*\\(`).test(bare))
      return `${name} is your own function here. Write Math.${name} for the one of JavaScript.`;
  }
  return undefined;
}

/** Name that an error reports as undefined; `undefined` for other errors. */
export function undefinedName(error: unknown): string | undefined {
  if (!(error instanceof ReferenceError)) return undefined;
  return /^(?<name>\S+) is not defined$|^Can't find variable: (?<other>\S+)$/
    .exec(error.message)
    ?.slice(1)
    .find(Boolean);
}

/** Note on code that runs, but computes something else than its author expects. Empty if there is none. */
export function noteOn(code: string): string {
  const bare = withoutTexts(code);
  if (bare.includes("^")) return "Note: ^ is no power in JavaScript. Write x ** 2 for x².";
  const under = /\/\s*(?<first>[\w.]+)\*(?<second>[\w.]+)/.exec(bare)?.groups;
  if (under !== undefined) {
    const [first, second] = [under["first"]!, under["second"]!];
    return `Note: a / ${first}*${second} is (a / ${first}) * ${second}. Write a / (${first}*${second}) for a quotient by the product.`;
  }
  const comma = /(?:\breturn\b|=)[^;([{\n]*?(?<whole>\d+),(?<part>\d+)/.exec(bare)?.groups;
  if (comma === undefined) return "";
  return `Note: write a decimal point, ${comma["whole"]!}.${comma["part"]!} instead of ${comma["whole"]!},${comma["part"]!}.`;
}
