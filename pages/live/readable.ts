// Values parsed from a reader's text. While the text is invalid, the page keeps the last value.
import { computed, type ReadonlySignal } from "@preact/signals";

/** Value of the last valid text, and the fault of the current text. */
export interface Readable<T> {
  readonly value: ReadonlySignal<T>;
  /** Empty if the text is valid. */
  readonly problem: ReadonlySignal<string>;
}

/**
 * Parses a text whenever it changes.
 *
 * @param text the current text; its initial value must be valid
 * @param read parses the text; throws an error that describes an invalid text
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
