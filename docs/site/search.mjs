// The search of the site: an index of the words of its sections, and what finds them. Both run in Node, and what finds in the page.

/**
 * @typedef {object} Section a part of a page under one heading
 * @property {string} page the title of its page
 * @property {string} heading
 * @property {string} url from the beginning of the site on, with its anchor
 * @property {string} text
 * @property {number} [weight] factor of its score, 1 if left out
 * @property {string} [kind] of its page, as results show it: `Guide`, `Reference`, `Course`
 *
 * @typedef {object} Index
 * @property {[title: string, weight: number, kind: string][]} pages
 * @property {[page: number, heading: string, url: string][]} sections
 * @property {Record<string, string>} words for each word its sections: differences of their numbers, each times four plus how much
 *   the word says of it (0 once, 1 several times, 2 in the heading, 3 in the title), to the base of 36
 *
 * @typedef {object} Found
 * @property {string} title names the topic: the page, and the heading on it
 * @property {string} kind
 * @property {string} url
 * @property {number} section its number in the index, which is that of its text
 */

/** Factors of scores by the kind of page: guides first, then the reference of the library. */
export const weights = { Guide: 1.6, Reference: 1.4, Docs: 1.1, Course: 0.6, Example: 0.5 };

const longestText = 400; // letters of a section that snippets are cut from

/** Other words for what pages say; each is looked for as the words behind it, too. */
const synonyms = /** @type {Record<string, string>} */ ({
  minibatch: "batch batches",
  autodiff: "derivative automatic differentiation",
  autograd: "gradient grad",
  backprop: "reverse mode backward",
  backpropagation: "reverse mode backward",
  optimizer: "optimiser",
  optimizers: "optimisers",
  lr: "rate learning",
  csv: "table",
  gpu: "onnx webgpu",
  nan: "finite debugging",
  wasm: "webassembly",
  checkpoint: "resume saving",
  numpy: "names",
  install: "five minutes",
});

/** The words of a text, in small letters; names in camelCase and words with a hyphen as wholes and in parts. @param {string} text @returns {string[]} */
export function wordsIn(text) {
  const plain = text.normalize("NFKD").replaceAll(/[\u0300-\u036F]/g, "");
  return [...plain.matchAll(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu)].flatMap(([word]) => {
    const parts = word.split(/-|(?<=[a-z])(?=[A-Z])/);
    const whole = word.replaceAll("-", "");
    return (parts.length > 1 ? [whole, ...parts] : [word]).map((one) => stem(one.toLowerCase()));
  });
}

/** A word without the ending of its plural. @param {string} word */
function stem(word) {
  if (word.length <= 3 || /(ss|us|is)$/.test(word)) return word;
  return word.replace(/(?<=ch|sh|ss|x)es$|s$/, "");
}

const common = new Set(
  "a an and are as at be by for from has have if in is it its of on or that the then there this to what where which with".split(
    " ",
  ),
);

/** Words of a question that name no topic. Unlike {@link common} words they are in the index, so that a question of one word finds them. */
const fillers = new Set(
  "about all any but can could did do does done get give go here how i into like make me my no not one our out should so some such tell than them they up us use used using want was we were when which who why will without would you your".split(
    " ",
  ),
);

/** Words of a question that name its topic: without fillers, unless there are only fillers and the question is one word. @param {string} question @returns {string[]} */
function topicsOf(question) {
  const words = [...new Set(wordsIn(question))].filter((word) => !common.has(word));
  return words.length === 1 ? words : words.filter((word) => !fillers.has(word));
}

/** @param {readonly Section[]} all @returns {Index} */
export function indexOf(all) {
  /** @type {Map<string, number>} */
  const pages = new Map();
  /** @type {Index["pages"]} */
  const titles = [];
  /** @type {Map<string, Map<number, number>>} */
  const words = new Map();
  const sections = all.map(({ page, heading, url, text, weight = 1, kind = "" }, i) => {
    let number = pages.get(page);
    if (number === undefined) {
      number = titles.push([page, weight, kind]) - 1;
      pages.set(page, number);
    }
    const note = (/** @type {string} */ word, /** @type {number} */ rank) => {
      if (common.has(word) || word.length > 30 || (word.length === 1 && !/\p{L}/u.test(word))) return;
      const places = words.get(word) ?? new Map();
      const before = places.get(i);
      places.set(i, Math.max(before === undefined ? rank : Math.max(before, 1), rank));
      words.set(word, places);
    };
    for (const word of wordsIn(text)) note(word, 0);
    for (const word of wordsIn(page)) note(word, 1); // what the page is about, each of its sections is
    for (const word of wordsIn(heading)) note(word, 2);
    if (heading === page) for (const word of wordsIn(page)) note(word, 3);
    return /** @type {[number, string, string]} */ ([number, heading === page ? "" : heading, url]);
  });
  const entries = [...words]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, places]) => {
      let last = 0;
      const coded = [...places].map(([section, rank]) => {
        const code = (section - last) * 4 + rank;
        last = section;
        return code.toString(36);
      });
      return [word, coded.join(" ")];
    });
  return { pages: titles, sections, words: Object.fromEntries(entries) };
}

/**
 * The sections that a question is about, best first: those that have all of its words before those that have some.
 *
 * @param {Index} index @param {string} question @param {number} [most] @returns {Found[]}
 */
export function search({ pages, sections, words }, question, most = 12) {
  const asked = topicsOf(question);
  if (asked.length === 0) return [];
  const known = Object.keys(words);
  /** @type {Map<number, { score: number, words: number }>} */
  const found = new Map();
  for (const word of asked) {
    const others = (synonyms[word] ?? "")
      .split(" ")
      .filter((one) => one !== "")
      .map(stem);
    const candidates = [
      ...known
        .filter((one) => one.startsWith(word))
        .map((one) => ({ one, worth: one === word ? 1 : 0.5 * (word.length / one.length) })),
      ...others.filter((one) => one in words).map((one) => ({ one, worth: 0.4 })),
    ];
    /** @type {Map<number, number>} */
    const best = new Map();
    for (const { one, worth } of candidates) {
      const places = (words[one] ?? "").split(" ");
      const rarity = Math.log(1 + sections.length / places.length);
      let section = 0;
      for (const place of places) {
        const code = Number.parseInt(place, 36);
        section += code >> 2;
        const page = pages[sections[section]?.[0] ?? 0];
        const score = worth * rarity * ([1, 1.6, 4, 6][code & 3] ?? 1) * (page?.[1] ?? 1);
        best.set(section, Math.max(best.get(section) ?? 0, score));
      }
    }
    for (const [section, score] of best) {
      const before = found.get(section) ?? { score: 0, words: 0 };
      found.set(section, { score: before.score + score, words: before.words + 1 });
    }
  }
  const best = [...found].toSorted(([, a], [, b]) => b.words - a.words || b.score - a.score);
  const least = (best[0]?.[1].words ?? 0) / 2; // sections with fewer words of the question are noise
  /** @type {Map<string, Found>} */
  const results = new Map(); // headings without an anchor have the address of their page
  for (const [section, { words: count }] of best) {
    if (count < least) break;
    const [page, heading, url] = sections[section] ?? [0, "", ""];
    const [name, , kind] = pages[page] ?? ["", 1, ""];
    if (!results.has(url))
      results.set(url, { title: heading === "" ? name : `${name}: ${heading}`, kind, url, section });
  }
  return mixed([...results.values()], most);
}

/** The first results, of which no kind has more than half unless the other kinds have too few. @param {readonly Found[]} results @param {number} most @returns {Found[]} */
function mixed(results, most) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const early = results.filter(({ kind }) => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return (counts.get(kind) ?? 0) <= most / 2;
  });
  return [...early, ...results.filter((one) => !early.includes(one))].slice(0, most);
}

/** The texts that {@link snippetOf} cuts from, one per section of the index. @param {readonly Section[]} all @returns {string[]} */
export function textsOf(all) {
  return all.map(({ text }) => cut(plainText(text), longestText));
}

/** A text without the signs of Markdown and of tables. @param {string} text */
function plainText(text) {
  return text
    .replaceAll(/^\s*\|?[\s|:-]*$/gm, " ")
    .replaceAll(/[`*|]|^#+ |^> /gm, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The beginning of a text, up to a blank. @param {string} text @param {number} most letters */
function cut(text, most) {
  if (text.length <= most) return text;
  return `${text.slice(0, text.lastIndexOf(" ", most)).trim()} …`;
}

/**
 * The part of a text that has the most words of a question.
 *
 * @param {string} text @param {string} question @param {number} [most] letters
 * @returns {string}
 */
export function snippetOf(text, question, most = 150) {
  const asked = new Set(topicsOf(question));
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    from: index,
    isAsked: wordsIn(word).some((one) => [...asked].some((other) => one.startsWith(other))),
  }));
  let best = { from: 0, count: -1 };
  for (const { from } of words) {
    const count = words.filter((word) => word.isAsked && word.from >= from && word.from < from + most).length;
    if (count > best.count) best = { from, count };
  }
  // a few words before the first one that was asked for
  const first = words.find((word) => word.isAsked && word.from >= best.from)?.from ?? 0;
  const near = words.findLast((word) => word.from <= Math.max(0, first - most / 4))?.from ?? 0;
  return `${near > 0 ? "… " : ""}${cut(text.slice(near), most)}`;
}

/**
 * The sections of a page in Markdown.
 *
 * @param {string} text @param {string} url of the page, without an anchor @returns {Section[]}
 */
export function sectionsOfMarkdown(text, url) {
  const body = text.replace(/^---\n[^]*?\n---\n/, "").replaceAll(/^```.*?^```$/gms, "");
  const parts = body.split(/^(?=#{1,3} )/m).filter((part) => part.startsWith("#"));
  const page = headingOf(parts[0] ?? "");
  return parts.map((part, i) => ({
    page,
    heading: headingOf(part),
    url: i === 0 ? url : `${url}#${slug(headingOf(part))}`,
    text: part
      .replace(/^#.*\n/, "")
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1 ")
      .replaceAll(/<[^>]*>/g, " "),
  }));
}

/** @param {string} part */
const headingOf = (part) => (/^#+ (.*)$/m.exec(part)?.[1] ?? "").replaceAll(/[`*]|\{#.*\}/g, "").trim();

/** The anchor of a heading. @param {string} heading */
const slug = (heading) =>
  heading
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replaceAll(/[\s-]+/g, "-");

/**
 * The sections of a page of HTML whose headings have an id, and which begin at its `<h1>`.
 *
 * @param {string} html @param {string} url @returns {Section[]}
 */
export function sectionsOfHtml(html, url) {
  const body = html
    .slice(Math.max(0, html.indexOf("<h1")))
    .replaceAll(/<(script|style|svg|template)[^>]*>[^]*?<\/\1>/g, " ");
  const parts = body.split(/(?=<h[1-3][\s>])/).filter((part) => /^<h[1-3]/.test(part));
  const plain = (/** @type {string} */ part) =>
    part
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll(/&#?\w+;/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();
  const titleOf = (/** @type {string} */ part) =>
    plain(/^<h[1-3][^>]*>([^]*?)<\/h[1-3]>/.exec(part)?.[1] ?? "");
  const page = titleOf(parts[0] ?? "");
  return parts.map((part, i) => {
    const id = /^<h[1-3][^>]*\sid="([^"]*)"/.exec(part)?.[1];
    return {
      page,
      heading: titleOf(part),
      url: i === 0 || id === undefined ? url : `${url}#${id}`,
      text: plain(part.replace(/^<h[1-3][^>]*>[^]*?<\/h[1-3]>/, "")),
    };
  });
}
