// Progress of a learner, stored in the browser.
import { signal, type ReadonlySignal } from "@preact/signals";
import { puzzleLinks } from "./lab/titles.ts";

/** Progress in the whole course. */
export interface Progress {
  /** Slugs of the chapters that were read to their end. */
  readonly read: readonly string[];
  /** Solved exercises, as `chapter/id`. */
  readonly exercises: readonly string[];
  /** Solved puzzles, as `chapter/id`, with the code that solved them. */
  readonly solved: Readonly<Record<string, string>>;
  /** Code of puzzles that are not solved yet. */
  readonly drafts: Readonly<Record<string, string>>;
}

const key = "downhill-course";
const none: Progress = { read: [], exercises: [], solved: {}, drafts: {} };
const shown = signal<Progress>(none);

/** The progress. Empty until {@link loadProgress} was called in a browser. */
export const progress: ReadonlySignal<Progress> = shown;

/** Number of puzzles in the course. */
export const puzzleCount: number = Object.values(puzzleLinks).reduce((sum, links) => sum + links.length, 0);

let isLoaded = false;

/** Reads the stored progress, and follows changes by other tabs. Has no effect after the first call. */
export function loadProgress(): void {
  if (isLoaded) return;
  isLoaded = true;
  shown.value = readProgress(stored());
  addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) shown.value = readProgress(stored());
  });
}

/** The stored text; `null` if nothing is stored, or if the browser refuses access. */
function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Reads a stored progress. Parts of an unexpected form are dropped. */
export function readProgress(text: string | null): Progress {
  let given: Readonly<Record<string, unknown>>;
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    given =
      typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
  } catch {
    given = {};
  }
  return {
    read: textsIn(given["read"]),
    exercises: textsIn(given["exercises"]),
    solved: entriesIn(given["solved"]),
    drafts: entriesIn(given["drafts"]),
  };
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

function entriesIn(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function change(next: Partial<Progress>): void {
  if (!isLoaded) return;
  // Other tabs may have added something since.
  const latest = readProgress(stored());
  shown.value = {
    read: union(latest.read, next.read ?? []),
    exercises: union(latest.exercises, next.exercises ?? []),
    solved: { ...latest.solved, ...next.solved },
    drafts: { ...latest.drafts, ...next.drafts },
  };
  try {
    localStorage.setItem(key, JSON.stringify(shown.value));
  } catch {
    // A browser without storage shows the progress of this visit.
  }
}

function union(some: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...some, ...more])];
}

/** Notes that a chapter was read to its end. */
export const noteRead = (chapter: string): void => change({ read: [chapter] });

/** Notes a solved exercise. */
export const noteExercise = (chapter: string, id: string): void =>
  change({ exercises: [`${chapter}/${id}`] });

/** Notes the code that solves a puzzle. */
export const noteSolved = (chapter: string, id: string, text: string): void =>
  change({ solved: { [`${chapter}/${id}`]: text }, drafts: { [`${chapter}/${id}`]: text } });

/** Stores the present code of a puzzle. */
export const noteDraft = (chapter: string, id: string, text: string): void =>
  change({ drafts: { [`${chapter}/${id}`]: text } });

/** Deletes everything that is stored. */
export function forgetProgress(): void {
  shown.value = none;
  try {
    localStorage.removeItem(key);
  } catch {
    // There is nothing to delete.
  }
}

/** Numbers of solved puzzles and exercises of a chapter, and whether the chapter has been read. */
export function doneIn(
  { read, exercises, solved }: Progress,
  chapter: string,
): { readonly puzzles: number; readonly exercises: number; readonly isRead: boolean } {
  return {
    puzzles: (puzzleLinks[chapter] ?? []).filter(({ id }) => Object.hasOwn(solved, `${chapter}/${id}`))
      .length,
    exercises: exercises.filter((one) => one.startsWith(`${chapter}/`)).length,
    isRead: read.includes(chapter),
  };
}
