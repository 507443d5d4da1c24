import { batch, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { pack, unpack } from "./pack.ts";

/** Allowed range of a number. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Change per arrow key. Numbers are not rounded to it. Default: a hundredth of the range, or 0.1. */
  readonly step?: number;
}

const untouched = signal<ReadonlySet<ReadonlySignal<unknown>>>(new Set());

/**
 * States whether a value of a page state was changed by the page itself, as by a playback that starts on its own. The
 * address then keeps the initial value, so that opening a page does not change its address.
 */
export function setAutomatic(value: ReadonlySignal<unknown>, isAutomatic: boolean): void {
  if (untouched.peek().has(value) === isAutomatic) return;
  const next = new Set(untouched.peek());
  if (isAutomatic) next.add(value);
  else next.delete(value);
  untouched.value = next;
}

/** A value of the page state, stored in the address as text. */
interface Kept {
  readonly signal: Signal<unknown>;
  readonly initial: string;
  write(): string;
  /** Sets the value from its text in the address. Throws an error with the reason if the text is invalid. */
  read(text: string): void;
}

/**
 * State of a page, stored in its address after `#`. A link shows the same state as its sender saw, and the back button
 * restores the state before the last gesture. Only values that differ from their initial ones are stored.
 */
export interface PageState {
  /** A number. A number in the address that is out of range is rejected and reported in `damages`. */
  number(key: string, initial: number, range?: NumberRange): Signal<number>;
  text(key: string, initial: string): Signal<string>;
  choice<T extends string>(key: string, initial: T, options: readonly T[]): Signal<T>;
  flag(key: string, initial: boolean): Signal<boolean>;
  /** A value with its own text format. `read` throws an error that describes an invalid text. */
  value<T>(key: string, initial: T, read: (text: string) => T, write: (value: T) => string): Signal<T>;
  /** Resets the named values, or all values, to their initial ones. */
  reset(...keys: string[]): void;
  /** End of the address, `#…`, for the current state, without compression. */
  hash(): string;
  /** Link to the current state. Only in a browser. */
  link(): Promise<string>;
  /** Sentences for the user about parts of the address that could not be parsed. */
  readonly damages: Signal<readonly string[]>;
  /**
   * Applies the address to the state and keeps the address up to date from then on. Resolves when the address is
   * applied. Call once in a browser, after the page has become interactive.
   */
  follow(): Promise<void>;
}

/** Options of the address format. */
interface AddressOptions {
  /** Compress the address if that makes it shorter. Useful for states of more than a line. Default false. */
  readonly isPacked?: boolean;
}

const quiet = 800; // milliseconds without a change until the next change adds a history entry

/** Creates the state of one page. */
export function pageState({ isPacked = false }: AddressOptions = {}): PageState {
  const kept = new Map<string, Kept>();
  const damages = signal<readonly string[]>([]);

  function value<T>(
    key: string,
    initial: T,
    read: (text: string) => T,
    write: (value: T) => string,
  ): Signal<T> {
    if (kept.has(key)) throw new Error(`two values of a page have the name ${key} in its address`);
    const held = signal(initial);
    const initialText = write(initial);
    kept.set(key, {
      signal: held,
      initial: initialText,
      write: () => (untouched.value.has(held) ? initialText : write(held.value)),
      read: (text) => {
        if (text === initialText && untouched.peek().has(held)) return; // as the page has set it
        setAutomatic(held, false);
        held.value = read(text);
      },
    });
    return held;
  }

  function hash(): string {
    const entries = [...kept].flatMap(([key, { initial, write }]) => {
      const text = write();
      return text === initial ? [] : [[key, text]];
    });
    const text = new URLSearchParams(entries).toString();
    return text === "" ? "" : `#${text}`;
  }

  function take(address: string): void {
    const found = new URLSearchParams(address.replace(/^#/, ""));
    const problems: string[] = [];
    batch(() => {
      for (const [key, one] of kept) {
        const text = found.get(key);
        try {
          one.read(text ?? one.initial);
        } catch (problem) {
          one.read(one.initial);
          const why = problem instanceof Error ? problem.message : String(problem);
          const instead = one.initial === "" ? "Nothing" : one.initial;
          problems.push(`The link gives ${key} as “${text ?? ""}”: ${why}. ${instead} stands in its place.`);
        }
      }
      damages.value = problems;
    });
  }

  return {
    damages,
    value,
    hash,
    number: (key, initial, range = {}) => value(key, initial, (text) => numberFrom(text, range), writeNumber),
    text: (key, initial) => value(key, initial, String, String),
    choice: <T extends string>(key: string, initial: T, options: readonly T[]) =>
      value(
        key,
        initial,
        (text) => {
          const found = options.find((option) => option === text);
          if (found === undefined) throw new Error(`it may be ${options.join(", ")}`);
          return found;
        },
        String,
      ),
    flag: (key, initial) =>
      value(
        key,
        initial,
        (text) => text === "yes",
        (is) => (is ? "yes" : "no"),
      ),
    reset: (...keys) =>
      batch(() => {
        for (const [key, { read, initial }] of kept) {
          if (keys.length === 0 || keys.includes(key)) read(initial);
        }
      }),
    async link() {
      const end = isPacked ? await pack(hash()) : hash();
      return location.href.replace(/#.*$/s, "") + end;
    },
    follow: () =>
      isPacked
        ? followPacked(hash, take, (problem) => {
            take(""); // values absent from the address are reset
            damages.value = [`The link cannot be read: ${problem}. The page shows where it begins.`];
          })
        : followAddress(hash, take),
  };
}

async function followAddress(hash: () => string, take: (address: string) => void): Promise<void> {
  take(location.hash);
  const write = makeWriter(hash());
  let isTaking = false;
  addEventListener("popstate", () => {
    isTaking = true;
    take(location.hash);
    isTaking = false;
    write.startAnew();
  });
  effect(() => {
    const next = hash();
    if (!isTaking && next !== location.hash) write(next, write.noteChange(next));
  });
}

const rest = 300; // minimum milliseconds between two addresses; Safari rejects more than a hundred in half a minute

/**
 * `follow` for compressed addresses. Compression is asynchronous: after changes in quick succession, only the last
 * address is written.
 */
async function followPacked(
  hash: () => string,
  take: (address: string) => void,
  refuse: (problem: string) => void,
): Promise<void> {
  const write = makeWriter("");
  let wanted = "";
  let written: string | undefined; // last state read or written; undefined if the address was invalid
  let takings = 0;
  let isWriting = false;
  let begins = false;

  async function takeOver(): Promise<void> {
    const mine = ++takings;
    let address: string | undefined;
    let problem = "";
    try {
      address = await unpack(location.hash);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (mine !== takings) return; // a newer address arrived in the meantime
    if (address === undefined) refuse(problem);
    else take(address);
    wanted = hash();
    written = wanted;
    begins = false;
    write.startAnew();
  }

  async function writeAll(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (wanted !== written) {
      const [text, mine] = [wanted, takings];
      const packed = await pack(text);
      if (mine === takings) {
        write(packed, begins);
        written = text;
        begins = false;
      }
      await new Promise((done) => setTimeout(done, rest));
    }
    isWriting = false;
  }

  await takeOver();
  addEventListener("popstate", () => void takeOver());
  effect(() => {
    const next = hash();
    if (next === wanted) return;
    wanted = next;
    if (write.noteChange(next)) begins = true;
    void writeAll();
  });
}

/** Writes addresses. The first change of a gesture adds a history entry; the following ones replace it. */
interface AddressWriter {
  (next: string, begins: boolean): void;
  /** Records a change of state. Returns true if it starts a gesture. */
  noteChange(next: string): boolean;
  /** Makes the next change start a new gesture. */
  startAnew(): void;
}

/**
 * Creates an address writer. Changes to the same values in quick succession are one gesture, and the first change of a
 * gesture adds an entry to the browser's history.
 */
function makeWriter(begin: string): AddressWriter {
  let lastChange = -Infinity;
  let lastState = begin;
  let lastKeys: readonly string[] = [];
  const write = (next: string, begins: boolean): void => {
    const place = next === "" ? location.pathname + location.search : next;
    if (begins) history.pushState(null, "", place);
    else history.replaceState(null, "", place);
  };
  return Object.assign(write, {
    noteChange: (next: string) => {
      const now = performance.now();
      const keys = changedKeys(lastState, next);
      const begins = now - lastChange > quiet || !keys.some((key) => lastKeys.includes(key));
      lastChange = now;
      lastState = next;
      lastKeys = keys;
      return begins;
    },
    startAnew: () => {
      lastChange = -Infinity;
    },
  });
}

/** Names of the values that differ between two states. */
function changedKeys(one: string, other: string): string[] {
  const [a, b] = [one, other].map((hash) => new URLSearchParams(hash.replace(/^#/, ""))) as [
    URLSearchParams,
    URLSearchParams,
  ];
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

/** Shortest text of a number with up to twelve digits. */
function writeNumber(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/**
 * Parses a number, with any kind of minus sign and optionally a decimal comma. Throws an error if the text is not a
 * number or out of range.
 */
export function numberFrom(text: string, { min = -Infinity, max = Infinity }: NumberRange = {}): number {
  const plain = text
    .trim()
    .replace("−", "-")
    .replace(/^([^.]*),([^.,]*)$/, "$1.$2");
  const found = plain === "" ? Number.NaN : Number(plain);
  if (Number.isNaN(found)) throw new Error("it is no number");
  if (found < min || found > max) throw new Error(`it must lie between ${min} and ${max}`);
  return found;
}
