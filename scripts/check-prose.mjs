// Counts wordings that make comments, documentation and messages hard to read, and fails if a count exceeds its
// maximum in prose-budget.json. A maximum may only decrease. The counts find candidates for rewriting: some hits are
// good English ("a ridge lies between two minima"), so the maxima are not zero.
//
// Usage: node scripts/check-prose.mjs [--list NAME] [--update]
//   --list NAME    prints each text that has the wording NAME
//   --update       lowers the maxima to the present counts
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseSync } from "oxc-parser";

/** @typedef {{ file: string, line: number, kind: "doc" | "comment" | "message" | "page", text: string }} Prose */
/** @typedef {{ in?: Prose["kind"], is: RegExp | ((text: string) => boolean), instead: string }} Wording */

/** @type {Record<string, Wording>} */
const wordings = {
  opening: {
    in: "doc",
    is: /^(What|Where|Who|How|Which)\b(?![^.]*\?)/,
    instead: "begin with a noun or a verb",
  },
  whether: { in: "doc", is: /^Whether(\s+[^\s.]+){13}/, instead: 'a short "Whether …" or "True if …"' },
  longSentence: { is: hasLongSentence, instead: "one idea per sentence, at most 30 words" },
  place: {
    is: /(?<!\b(?:in|decimal|takes?|taking|first)\s)\bplaces?\b(?!holder)/i,
    instead: "index, position, offset, slot, element, location or call site",
  },
  lies: { is: /\b(lies|lie|lay)\b/i, instead: "is stored, is at, is in (outside geometry)" },
  nobody: { is: /\b(nobody|somebody|whoever)\b/i, instead: "name the actor" },
  ofWhich: { is: /\bof (which|those)\b/i, instead: "split the sentence, or repeat the noun" },
  asMany: { is: /\b(so|as) many\b/i, instead: "n, the given number of, equal to" },
  isNone: { is: /\b(is|are) none\b/i, instead: "there is no …, no … has" },
  beside: { is: /\bbeside\b/i, instead: "compared with, next to, alongside" },
  isTold: { is: /\b(is|are|was|were|be) (told|said)\b/i, instead: "is reported, is specified" },
  thatWhich: { is: /\b(that which|those (which|who|that))\b/i, instead: "repeat the noun" },
  whoReads: {
    is: /\bwho (reads?|calls?|asks?|uses?|finds?|writes?)\b/i,
    instead: "users, callers, consumers",
  },
  goesBy: { is: /\b(goes?|went) (by|on|along|through)\b/i, instead: "uses, iterates over, continues" },
  whatIs: {
    is: /\b(of|by|with|from|and|to|in|than|for|as) what (is|are|was|were|it|they|a|the|each|comes?|has|may)\b/i,
    instead: "name the thing",
  },
  doesWithout: { is: /\b(does?|did) without\b/i, instead: "does not need" },
  comesOf: { is: /\b(comes?|came) of\b/i, instead: "results from, the result" },
  wayBack: { is: /\bway (back|forwards?)\b/i, instead: "backward pass, forward pass" },
  beHad: { is: /\b(be had|is asked for|is wanted|is looked for)\b/i, instead: "is available, is required" },
  mend: { is: /\bmend(s|ed|ing)?\b/i, instead: "fix" },
};

const budgetFile = "prose-budget.json";
const parameters = process.argv.slice(2);
const listed = parameters.includes("--list") ? parameters[parameters.indexOf("--list") + 1] : undefined;
if (listed !== undefined && !Object.hasOwn(wordings, listed)) {
  console.error(`no such wording: ${listed}. The wordings are ${Object.keys(wordings).join(", ")}.`);
  process.exit(2);
}

const texts = proseFiles().flatMap(proseOf);
/** @type {Record<string, Prose[]>} */
const hits = Object.fromEntries(
  Object.entries(wordings).map(([name, wording]) => [name, texts.filter(has(wording))]),
);

if (listed !== undefined) {
  for (const { file, line, text } of hits[listed] ?? []) console.log(`${file}:${line}  ${text}`);
} else compareWithBudget();

function compareWithBudget() {
  const budget = /** @type {Record<string, number>} */ (JSON.parse(readFileSync(budgetFile, "utf8")));
  let exceeded = 0;
  for (const [name, { instead }] of Object.entries(wordings)) {
    const count = hits[name]?.length ?? 0;
    const maximum = budget[name] ?? 0;
    const isAbove = count > maximum;
    if (isAbove) exceeded += 1;
    console.log(
      `${isAbove ? "ABOVE" : "     "} ${String(count).padStart(5)} of ${String(maximum).padStart(5)}  ${name}: ${instead}`,
    );
    budget[name] = Math.min(count, maximum);
  }
  const total = Object.values(hits).reduce((sum, found) => sum + found.length, 0);
  console.log(
    `${total} hits in ${texts.length} texts, ${Math.round((1000 * total) / texts.length)} per 1,000`,
  );
  if (parameters.includes("--update")) writeFileSync(budgetFile, `${JSON.stringify(budget, undefined, 2)}\n`);
  if (exceeded === 0) return;
  console.error("rewrite the new texts: node scripts/check-prose.mjs --list NAME prints the candidates");
  process.exitCode = 1;
}

/** @param {Wording} wording @returns {(text: Prose) => boolean} */
function has(wording) {
  const { is } = wording;
  return ({ kind, text }) =>
    (wording.in === undefined || wording.in === kind) &&
    (typeof is === "function" ? is(text) : is.test(text));
}

/** @param {string} text */
function hasLongSentence(text) {
  const plain = text.replace(/`[^`]*`/g, "x");
  return plain
    .split(/[.?!](?=\s|$)/)
    .some((sentence) => sentence.split(/\s+/).filter((word) => /\w/.test(word)).length > 30);
}

function proseFiles() {
  const tracked = execFileSync("git", ["ls-files", "*.ts", "*.tsx", "*.mjs", "*.md"], { encoding: "utf8" });
  return tracked
    .split("\n")
    .filter((file) => file !== "" && !/(^|\/)(testdata|data)\/|\.generated\.ts$/.test(file));
}

/** @param {string} file @returns {Prose[]} */
function proseOf(file) {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".md") ? paragraphs(file, text) : [...comments(file, text), ...messages(file, text)];
}

/** Doc comments, and runs of line comments joined into one text. @param {string} file @param {string} text */
function comments(file, text) {
  /** @type {(Prose & { end: number })[]} */
  const found = [];
  for (const { type, value, start } of parseSync(file, text).comments) {
    const line = lineAt(text, start);
    if (type === "Block") {
      if (!value.startsWith("*")) continue;
      const prose = value.slice(1).replace(/@example[\s\S]*?(?=\n\s*\*\s*@|$)/g, "");
      found.push({
        file,
        line,
        kind: "doc",
        text: prose
          .replace(/\n\s*\*/g, "\n")
          .replace(/\s+/g, " ")
          .trim(),
        end: 0,
      });
      continue;
    }
    if (/^\s*(oxlint|eslint|@ts-|prettier|#__)/.test(value)) continue;
    const previous = found.at(-1);
    if (previous?.kind === "comment" && previous.end === line - 1) {
      previous.text += ` ${value.trim()}`;
      previous.end = line;
    } else found.push({ file, line, kind: "comment", text: value.trim(), end: line });
  }
  return found;
}

/** String literals and templates of at least five words that look like sentences. @param {string} file @param {string} text */
function messages(file, text) {
  /** @type {Prose[]} */
  const found = [];
  for (const { index, 2: literal = "" } of text.matchAll(
    /(["`])((?:[A-Za-z`][^"`\n\\]*? ){4}[^"`\n\\]*?)\1/g,
  )) {
    const before = text.slice(text.lastIndexOf("\n", index) + 1, index);
    const isInComment = /^\s*(\*|\/\/)/.test(before);
    const isCode = /[{};=<>]|=>|\b(const|return)\b/.test(literal.replace(/\$\{[^}]*\}/g, ""));
    if (!isInComment && !isCode)
      found.push({ file, line: lineAt(text, index), kind: "message", text: literal });
  }
  return found;
}

/** Paragraphs and list items of a page, without code, tables and headings. @param {string} file @param {string} text */
function paragraphs(file, text) {
  /** @type {Prose[]} */
  const found = [];
  let isCode = false;
  let isOpen = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trimStart().startsWith("```")) isCode = !isCode;
    if (isCode || /^\s*(```|\||#|$)/.test(line)) {
      isOpen = false;
      continue;
    }
    const previous = found.at(-1);
    if (isOpen && previous !== undefined && !/^\s*([-*]|\d+[.)])\s/.test(line))
      previous.text += ` ${line.trim()}`;
    else found.push({ file, line: index + 1, kind: "page", text: line.trim() });
    isOpen = true;
  }
  return found;
}

/** @param {string} text @param {number} offset */
function lineAt(text, offset) {
  return text.slice(0, offset).split("\n").length;
}
