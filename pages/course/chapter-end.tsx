// The common end of the chapters.
import type { ComponentChildren } from "preact";
import { type Island, island } from "../live/island.tsx";
import type { Tasks } from "./chapter-tasks.tsx";

interface ChapterEndProps {
  /** Subject of the program, for its heading: "Forward mode". */
  readonly subject: string;
  /** Text before the program. */
  readonly children: ComponentChildren;
}

/**
 * Exercises, puzzles and a short program at the end of a chapter. They become interactive after the figures.
 *
 * @param chapter slug of the chapter
 * @param load imports `tasks.ts` of the chapter
 */
export function chapterEnd(
  chapter: string,
  load: () => Promise<Tasks>,
): Island<ChapterEndProps> & { readonly program: () => Promise<string> } {
  const end = island<ChapterEndProps>(async () => {
    const [{ ChapterTasks }, { exercises, program, printed }] = await Promise.all([
      import("./chapter-tasks.tsx"),
      load(),
    ]);
    return (props) => (
      <ChapterTasks chapter={chapter} exercises={exercises} program={program} printed={printed} {...props} />
    );
  });
  return { ...end, program: async () => `${(await load()).program}\n` };
}
