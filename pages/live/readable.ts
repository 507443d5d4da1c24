// What is read from texts that readers type: while one cannot be read, the page keeps what it had.
import { computed, type ReadonlySignal } from "@preact/signals";

/** What the last readable text gave, and what is wrong with the text now. */
export interface Readable<T> {
  readonly value: ReadonlySignal<T>;
  /** "" where nothing is wrong. */
  readonly problem: ReadonlySignal<string>;
}

/**
 * What is read from a text.
 *
 * @param text as it is now; what it begins with must be readable
 * @param read throws an error that says what is wrong
 */
export function readable<T>(text: ReadonlySignal<string>, read: (text: string) => T): Readable<T> {
  let last = read(text.peek());
  const reading = computed((): { readonly value: T; readonly problem: string } => {
    try {
      last = read(text.value);
      return { value: last, problem: "" };
    } catch (problem) {
      return { value: last, problem: problem instanceof Error ? problem.message : String(problem) };
    }
  });
  return { value: computed(() => reading.value.value), problem: computed(() => reading.value.problem) };
}
