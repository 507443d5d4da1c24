// Texts as character numbers, their requirements for training, and the losses of simple predictors.

/** A text in numbers. */
export interface Numbered {
  /** Distinct characters in code point order. The index of a character is its number. */
  readonly kinds: readonly string[];
  readonly numbers: Int32Array;
  /** Number of leading characters used for training. The remaining ones are held out. */
  readonly learned: number;
}

/** Requirements on a text. */
const limits = {
  /** Minimum length in contexts: enough to hold out the last one and to train on the rest. */
  contexts: 4,
  fewestKinds: 3,
  /** Each distinct character is a column of the scores. More would take longer than all layers. */
  mostKinds: 256,
  longest: 200_000, // characters
} as const;

const heldOut = 0.1; // held-out fraction at the end of a text; at least one context and a character

/** The characters (code points) of a text, with normalised line ends. */
export function charactersOf(text: string): string[] {
  return Array.from(text.replaceAll("\r\n", "\n"));
}

/** Reason why a network with this context cannot be trained on a text; empty if it can. */
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

/** Converts a valid text to numbers. */
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

/** Converts a prompt to numbers. Throws an error with the reason if the network cannot continue it. */
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

/** Mean losses of simple predictors on the held-out text, in nats per character. */
export interface Baselines {
  /** All distinct characters are equally likely. */
  readonly even: number;
  /** Character frequencies in the training text. */
  readonly frequencies: number;
  /** Character pair frequencies in the training text. */
  readonly pairs: number;
}

/**
 * Losses of predictors that use zero or one previous character. Each count is increased by one, so that nothing is
 * impossible.
 */
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

/**
 * Number of words in some texts, and the number of words that occur in another text. The last word of each text is
 * ignored, because it may be truncated.
 */
export function knownWords(
  texts: readonly string[],
  known: string,
): { readonly count: number; readonly known: number } {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[^\s.,;:!?()"“”]+/gu) ?? [];
  const dictionary = new Set(wordsOf(known));
  const words = texts.flatMap((text) => wordsOf(text.replace(/\S+$/u, "")));
  return { count: words.length, known: words.filter((word) => dictionary.has(word)).length };
}
