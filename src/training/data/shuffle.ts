import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { foldIn, type KeyWords, key } from "../../numeric/random/index.ts";

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /** Seed of the orders, an integer. Default 0. Equal seeds produce equal orders. */
  readonly seed?: number;
  /** Whether each epoch has a new order (default), or all have that of the first. */
  readonly when?: "each-epoch" | "once";
}

/** Options of `shuffle` for an iterable. */
export interface StreamShuffleOptions extends ShuffleOptions {
  /**
   * Number of items that are held in memory. The next item is drawn from them at random. A larger number mixes better.
   */
  readonly buffer: number;
}

/** Checked options of `shuffle`. `keyOf` returns the key from which the order of an epoch is drawn. */
export interface Shuffle {
  readonly keyOf: (epoch: number) => KeyWords;
}

/** Checked options of `shuffle` for an iterable. */
export interface StreamShuffle extends Shuffle {
  readonly buffer: number;
}

/** Checks the options of shuffling a data set in memory. */
export function shuffleInMemory(options: ShuffleOptions = {}): Shuffle {
  if (typeof options === "object" && options !== null && "buffer" in options) {
    const repair = "buffer applies only to iterables; data in memory are shuffled as a whole. Omit it.";
    throw new DownhillError("option", `shuffle: ${repair}`);
  }
  checkOptions("shuffle", options, ["seed", "when"]);
  return shuffleOf(options);
}

/** Checks the options of shuffling an iterable within a window of `buffer` items. */
export function shuffleStream(options: StreamShuffleOptions): StreamShuffle {
  checkOptions("shuffle", options, ["seed", "when", "buffer"]);
  const buffer = (options as Partial<StreamShuffleOptions> | undefined)?.buffer;
  if (buffer === undefined) {
    const repair = "Pass the size of the window, as in shuffle({ seed: 0, buffer: 1000 }).";
    throw new DownhillError(
      "option",
      `shuffle: an iterable is not held in memory, so it is shuffled within a window. ${repair}`,
    );
  }
  if (!Number.isInteger(buffer) || buffer < 1) {
    throw new DownhillError(
      "option",
      `shuffle: buffer must be an integer of 1 or more, got ${String(buffer)}.`,
    );
  }
  return { ...shuffleOf(options), buffer };
}

function shuffleOf(options: ShuffleOptions): Shuffle {
  const { seed = 0, when = "each-epoch" } = options;
  checkChoice("shuffle", "when", when, ["each-epoch", "once"]);
  if (!Number.isSafeInteger(seed))
    throw new DownhillError("option", `shuffle: seed must be an integer, got ${String(seed)}.`);
  const root = key(seed);
  return { keyOf: (epoch) => foldIn(root, when === "once" ? 0 : epoch) };
}
