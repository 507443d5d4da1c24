// Texts as numbers of their characters: what a network can learn from them, and how well simpler guesses do.

/** A text in numbers. */
export interface Numbered {
  /** Its kinds of characters, in the order of their code points; the place of a kind is its number. */
  readonly kinds: readonly string[];
  readonly numbers: Int32Array;
  /** How many numbers, from the first on, are learned from; the others are held out. */
  readonly learned: number;
}

/** What a text must have at least, and may have at most. */
const limits = {
  /** Contexts in a text: so many that the last one can be held out, and something is left to learn from. */
  contexts: 4,
  fewestKinds: 3,
  /** Each kind is a column of the scores; more would take longer than all of the layers. */
  mostKinds: 256,
  longest: 200_000, // characters
} as const;

const heldOut = 0.1; // of a text, from its end; one context and a character at least

/** Its characters: as one counts them, not as JavaScript stores them. */
export function charactersOf(text: string): string[] {
  return Array.from(text.replaceAll("\r\n", "\n"));
}

/** Why a network with this context cannot learn from a text; "" where it can. */
export function problemOf(text: string, context: number): string {
  const characters = charactersOf(text);
  const kinds = new Set(characters);
  const least = limits.contexts * context;
  if (characters.length === 0) return "Type or paste a text.";
  if (characters.length < least)
    return `This text has ${characters.length} characters. With a context of ${context} it needs ${least}: paste more, or choose a shorter context.`;
  if (characters.length > limits.longest)
    return `This text has ${characters.length} characters; more than ${limits.longest} are not taken. Paste a part of it.`;
  if (kinds.size < limits.fewestKinds)
    return `This text has ${kinds.size === 1 ? "one kind" : `${kinds.size} kinds`} of characters: there is nothing to learn. It needs ${limits.fewestKinds}.`;
  if (kinds.size > limits.mostKinds)
    return `This text has ${kinds.size} kinds of characters, and ${limits.mostKinds} are the most that are taken. It may be of a script with thousands of characters: paste a shorter part.`;
  return "";
}

/** A text in numbers. It has no problem. */
export function numbered(text: string, context: number): Numbered {
  const characters = charactersOf(text);
  const kinds = [...new Set(characters)].toSorted((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const places = new Map(kinds.map((kind, i) => [kind, i]));
  const apart = Math.max(Math.ceil(heldOut * characters.length), context + 1);
  return {
    kinds,
    numbers: Int32Array.from(characters, (character) => places.get(character)!),
    learned: characters.length - apart,
  };
}

/** The numbers of a prompt; an error says why it cannot be written on from it. */
export function promptNumbers(prompt: string, kinds: readonly string[], context: number): number[] {
  const characters = charactersOf(prompt);
  const strangers = [...new Set(characters)].filter((one) => !kinds.includes(one));
  if (characters.length === 0) throw new Error("Give it a character at least to begin with.");
  if (strangers.length > 0)
    throw new Error(
      `The text has no ${strangers.map((one) => `“${one}”`).join(", ")}: nothing could be learned about ${strangers.length === 1 ? "it" : "them"}.`,
    );
  if (characters.length >= context)
    throw new Error(
      `The prompt has ${characters.length} characters; with a context of ${context} it may have ${context - 1}.`,
    );
  return characters.map((one) => kinds.indexOf(one));
}

/** Mean losses in nats a character, on what is held out, of guesses that need no network. */
export interface Baselines {
  /** All kinds are equally likely. */
  readonly even: number;
  /** Each kind as often as in what is learned from. */
  readonly frequencies: number;
  /** Each kind as often as it came after the one before. */
  readonly pairs: number;
}

/** How well guesses do that look at no character or at one. Each count is one more than it is: nothing is impossible. */
export function baselinesOf({ kinds, numbers, learned }: Numbered): Baselines {
  const n = kinds.length;
  const counts = new Float64Array(n).fill(1);
  const pairs = new Float64Array(n * n).fill(1);
  for (let i = 0; i < learned; i++) {
    counts[numbers[i]!]!++;
    if (i > 0) pairs[numbers[i - 1]! * n + numbers[i]!]!++;
  }
  let [frequencies, after] = [0, 0];
  for (let i = learned; i < numbers.length; i++) {
    const [before, now] = [numbers[i - 1]!, numbers[i]!];
    const row = pairs.subarray(before * n, (before + 1) * n);
    frequencies -= Math.log(counts[now]! / (learned + n));
    after -= Math.log(row[now]! / row.reduce((sum, x) => sum + x, 0));
  }
  const count = numbers.length - learned;
  return { even: Math.log(n), frequencies: frequencies / count, pairs: after / count };
}

/** Of the words of some texts, how many stand in another. The last word of each may be cut off, and is left out. */
export function knownWords(
  texts: readonly string[],
  known: string,
): { readonly count: number; readonly known: number } {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[^\s.,;:!?()"“”]+/gu) ?? [];
  const dictionary = new Set(wordsOf(known));
  const words = texts.flatMap((text) => wordsOf(text.replace(/\S+$/u, "")));
  return { count: words.length, known: words.filter((word) => dictionary.has(word)).length };
}
