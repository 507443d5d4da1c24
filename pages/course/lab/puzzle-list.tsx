// The puzzles of a chapter. They are loaded after the page has become interactive, so that chapters load fast.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { loadProgress } from "../progress.ts";
import type * as Loaded from "./load-puzzles.ts";
import { puzzleLinks } from "./titles.ts";
import type { Puzzle } from "./puzzle.ts";

/** The puzzles of a chapter: at first their titles, then the puzzles. */
export function PuzzleList({ chapter }: { readonly chapter: string }): JSX.Element {
  const loaded = useSignal<
    { readonly puzzles: readonly Puzzle[]; readonly Box: (typeof Loaded)["PuzzleBox"] } | undefined
  >(undefined);
  useEffect(() => {
    loadProgress();
    void import("./load-puzzles.ts").then(async ({ PuzzleBox, loadPuzzles }) => {
      loaded.value = { puzzles: await loadPuzzles(chapter), Box: PuzzleBox };
    });
  }, []);
  const links = puzzleLinks[chapter]!;
  return (
    <section class="puzzles">
      <h2>Puzzles</h2>
      <p>
        Each puzzle asks for a few lines of JavaScript. Change the code and press “Check”, or Ctrl+Enter. Your
        code runs on this machine only.
      </p>
      {links.map(({ id, title }) => {
        const puzzle = loaded.value?.puzzles.find((one) => one.id === id);
        const Box = loaded.value?.Box;
        return puzzle === undefined || Box === undefined ? (
          <section class="puzzle is-loading" id={`puzzle-${id}`}>
            <h3>{title}</h3>
          </section>
        ) : (
          <Box chapter={chapter} puzzle={puzzle} title={title} />
        );
      })}
    </section>
  );
}
