import type { Markup } from "./markup.ts";

/** Names and values of declarations, in their order. */
export type Declarations = readonly (readonly [name: string, value: string])[];

/** A rule with its selectors, one per member of the selector list. */
interface StyleRule {
  readonly selectors: readonly ComplexSelector[];
  readonly declarations: Declarations;
}

/** A keyframe: its time as a fraction of the animation, and its declarations. */
interface Keyframe {
  readonly at: number;
  readonly declarations: Declarations;
}

/** A style sheet, without the rules for readers who prefer reduced motion. */
export interface StyleSheet {
  readonly rules: readonly StyleRule[];
  readonly keyframes: ReadonlyMap<string, readonly Keyframe[]>;
}

/** Compound selectors that match an element and some of its ancestors, outermost first. */
type ComplexSelector = readonly CompoundSelector[];
type CompoundSelector = readonly SimpleSelector[];
type SimpleSelector =
  | { readonly kind: "tag" | "class" | "id"; readonly name: string }
  | { readonly kind: "attribute"; readonly name: string; readonly value: string | undefined }
  | { readonly kind: "root" }
  | { readonly kind: "is" | "not"; readonly selectors: readonly ComplexSelector[] };

/**
 * Parses the part of CSS that the pictures of this library use. Rules may select by tags, classes, ids, attributes,
 * `:root`, `:is`, `:not` and descendants. Keyframes, and media rules for readers who accept motion, are parsed too.
 *
 * @param hasMotion true if media rules that require `prefers-reduced-motion:no-preference` apply
 * @throws Error for other syntax, because a picture would silently lack the style.
 */
export function parseStyleSheet(css: string, hasMotion: boolean): StyleSheet {
  const rules: StyleRule[] = [];
  const keyframes = new Map<string, readonly Keyframe[]>();
  for (const { prelude, block } of blocksOf(css)) {
    const [, keyword, rest = ""] = /^@([\w-]+)\s*(.*)$/s.exec(prelude) ?? [];
    switch (keyword) {
      case undefined:
        rules.push({ selectors: selectorList(prelude), declarations: declarationsOf(block) });
        break;
      case "media": {
        if (!/^(?:screen and )?\(prefers-reduced-motion:\s*no-preference\)$/.test(rest))
          throw unknownSyntax(prelude);
        if (!hasMotion) break;
        const inside = parseStyleSheet(block, hasMotion);
        rules.push(...inside.rules);
        for (const [name, frames] of inside.keyframes) keyframes.set(name, frames);
        break;
      }
      case "keyframes":
        keyframes.set(rest.trim(), keyframesOf(block));
        break;
      default:
        throw unknownSyntax(prelude);
    }
  }
  return { rules, keyframes };
}

/**
 * Returns the declarations that apply to an element. For each property, the last one is the one with the highest
 * specificity.
 *
 * @param ancestors the element's ancestors, outermost first
 */
export function declarationsFor(
  { rules }: StyleSheet,
  subject: Markup,
  ancestors: readonly Markup[],
): Declarations {
  const matching = rules.flatMap(({ selectors, declarations }) => {
    const strengths = selectors
      .filter((selector) => matches(selector, subject, ancestors))
      .map(specificityOf);
    return strengths.length === 0 ? [] : [{ strength: Math.max(...strengths), declarations }];
  });
  return matching.toSorted((a, b) => a.strength - b.strength).flatMap(({ declarations }) => declarations);
}

function unknownSyntax(text: string): Error {
  return new Error(`internal: a picture has a style that only browsers understand: ${JSON.stringify(text)}`);
}

function* blocksOf(css: string): Generator<{ readonly prelude: string; readonly block: string }> {
  let start = 0;
  for (let open = css.indexOf("{"); open >= 0; open = css.indexOf("{", start)) {
    let close = open + 1;
    for (let depth = 1; depth > 0; close++) {
      if (close >= css.length) throw unknownSyntax(css.slice(start));
      if (css[close] === "{") depth++;
      else if (css[close] === "}") depth--;
    }
    yield { prelude: css.slice(start, open).trim(), block: css.slice(open + 1, close - 1) };
    start = close;
  }
}

function declarationsOf(block: string): Declarations {
  return block
    .split(";")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const colon = part.indexOf(":");
      if (colon < 0) throw unknownSyntax(part);
      return [part.slice(0, colon).trim(), part.slice(colon + 1).trim()] as const;
    });
}

function keyframesOf(block: string): Keyframe[] {
  return [...blocksOf(block)]
    .flatMap(({ prelude, block: inner }) =>
      prelude
        .split(",")
        .map((time) => ({ at: fractionOf(time.trim()), declarations: declarationsOf(inner) })),
    )
    .toSorted((a, b) => a.at - b.at);
}

function fractionOf(time: string): number {
  if (time === "from") return 0;
  if (time === "to") return 1;
  const percent = Number(/^([\d.]+)%$/.exec(time)?.[1]);
  if (Number.isNaN(percent)) throw unknownSyntax(time);
  return percent / 100;
}

/** Splits a text at characters outside parentheses and brackets. */
function splitOutside(text: string, separator: RegExp): string[] {
  const parts = [""];
  let depth = 0;
  for (const c of text.trim()) {
    if (c === "(" || c === "[") depth++;
    if (c === ")" || c === "]") depth--;
    if (depth === 0 && separator.test(c)) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function selectorList(text: string): ComplexSelector[] {
  return splitOutside(text, /,/).map((one) => splitOutside(one, /\s/).map(compoundSelector));
}

const simple =
  /^(?:(?<tag>[a-zA-Z][\w-]*)|\.(?<klass>[\w-]+)|#(?<id>[\w-]+)|\[(?<attribute>[\w-]+)(?:="(?<value>[^"]*)")?\]|(?<root>:root))/;

function compoundSelector(text: string): CompoundSelector {
  const parts: SimpleSelector[] = [];
  for (let rest = text; rest !== "";) {
    const nested = /^:(is|not)\(/.exec(rest);
    if (nested !== null) {
      const end = closingAt(rest, nested[0].length);
      parts.push({
        kind: nested[1] === "is" ? "is" : "not",
        selectors: selectorList(rest.slice(nested[0].length, end)),
      });
      rest = rest.slice(end + 1);
      continue;
    }
    const found = simple.exec(rest);
    if (found === null) throw unknownSyntax(text);
    const { tag, klass, id, attribute, value } = found.groups!;
    if (tag !== undefined) parts.push({ kind: "tag", name: tag });
    else if (klass !== undefined) parts.push({ kind: "class", name: klass });
    else if (id !== undefined) parts.push({ kind: "id", name: id });
    else if (attribute !== undefined) parts.push({ kind: "attribute", name: attribute, value });
    else parts.push({ kind: "root" });
    rest = rest.slice(found[0].length);
  }
  return parts;
}

/** Returns the index of the parenthesis that closes the one before `from`. */
function closingAt(text: string, from: number): number {
  for (let i = from, depth = 1; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i;
  }
  throw unknownSyntax(text);
}

/** Returns the value of an attribute as text; `undefined` if the element lacks it. */
function attributeOf({ attributes }: Markup, name: string): string | undefined {
  return Object.hasOwn(attributes, name) ? String(attributes[name]) : undefined;
}

function matches(selector: ComplexSelector, subject: Markup, ancestors: readonly Markup[]): boolean {
  const last = selector.at(-1)!;
  if (!last.every((one) => matchesSimple(one, subject, ancestors))) return false;
  if (selector.length === 1) return true;
  const outer = selector.slice(0, -1);
  return ancestors.some((ancestor, i) => matches(outer, ancestor, ancestors.slice(0, i)));
}

function matchesSimple(one: SimpleSelector, subject: Markup, ancestors: readonly Markup[]): boolean {
  switch (one.kind) {
    case "tag":
      return subject.tag === one.name;
    case "class":
      return (attributeOf(subject, "class") ?? "").split(/\s+/).includes(one.name);
    case "id":
      return attributeOf(subject, "id") === one.name;
    case "attribute": {
      const value = attributeOf(subject, one.name);
      return one.value === undefined ? value !== undefined : value === one.value;
    }
    case "root":
      return ancestors.length === 0;
    case "is":
      return one.selectors.some((selector) => matches(selector, subject, ancestors));
    case "not":
      return !one.selectors.some((selector) => matches(selector, subject, ancestors));
    default:
      return one satisfies never;
  }
}

/**
 * Computes the specificity of a selector as one number, in which ids count most, then classes, attributes and `:root`,
 * then tags.
 */
function specificityOf(selector: ComplexSelector): number {
  let sum = 0;
  for (const one of selector.flat()) {
    switch (one.kind) {
      case "tag":
        sum += 1;
        break;
      case "class":
      case "attribute":
      case "root":
        sum += 100;
        break;
      case "id":
        sum += 10_000;
        break;
      case "is":
      case "not":
        sum += Math.max(...one.selectors.map(specificityOf));
        break;
      default:
        one satisfies never;
    }
  }
  return sum;
}
