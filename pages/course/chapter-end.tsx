// The common end of the chapters.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Exercise } from "../live/exercise.tsx";
import type { Exercise as ExerciseOf } from "../live/judge.ts";
import { PuzzleList } from "./lab/puzzle-list.tsx";
import { TenLines } from "./lab/ten-lines.tsx";
import { loadProgress, noteExercise, noteRead } from "./progress.ts";

interface ChapterEndProps {
  /** Slug of the chapter. */
  readonly chapter: string;
  /** Subject of the program, for its heading: "Forward mode". */
  readonly subject: string;
  readonly exercises: readonly ExerciseOf[];
  readonly program: string;
  readonly printed: string;
  /** Text before the program. */
  readonly children: ComponentChildren;
}

/** Exercises and puzzles of a chapter, and a short downhill program on its subject with its output. */
export function ChapterEnd({
  chapter,
  subject,
  exercises,
  program,
  printed,
  children,
}: ChapterEndProps): JSX.Element {
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
