// The tasks at the end of a chapter: exercises, puzzles, and a program to run.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Exercise } from "../live/exercise.tsx";
import type { Exercise as ExerciseOf } from "../live/judge.ts";
import { PuzzleList } from "./lab/puzzle-list.tsx";
import { TenLines } from "./lab/ten-lines.tsx";
import { loadProgress, noteExercise, noteRead } from "./progress.ts";

/** Tasks of a chapter. */
export interface Tasks {
  readonly exercises: readonly ExerciseOf[];
  /** A short downhill program on the subject of the chapter. */
  readonly program: string;
  /** Its output. */
  readonly printed: string;
}

interface ChapterTasksProps extends Tasks {
  /** Slug of the chapter. */
  readonly chapter: string;
  /** Subject of the program, for its heading: "Forward mode". */
  readonly subject: string;
  /** Text before the program. */
  readonly children: ComponentChildren;
}

/** Exercises, puzzles and the program. Notes in the progress that the chapter was read to its end. */
export function ChapterTasks({
  chapter,
  subject,
  exercises,
  program,
  printed,
  children,
}: ChapterTasksProps): JSX.Element {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    loadProgress();
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      noteRead(chapter);
    });
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <>
      <section>
        <h2>Exercises</h2>
        {exercises.map((exercise) => (
          <Exercise exercise={exercise} solved={() => noteExercise(chapter, exercise.id)} />
        ))}
      </section>
      <PuzzleList chapter={chapter} />
      <section>
        <h2>{subject} in ten lines</h2>
        {children}
        <TenLines program={program} printed={printed} />
      </section>
      <div ref={end} />
    </>
  );
}
