// The common end of the chapters.
import type { ComponentChildren, JSX } from "preact";
import { Exercise } from "../live/exercise.tsx";
import { Code } from "../live/formula.tsx";
import type { Exercise as ExerciseOf } from "../live/judge.ts";

/** The exercises of a chapter, and a short downhill program on its subject with its output. */
export function ChapterEnd({
  subject,
  exercises,
  program,
  printed,
  children,
}: {
  /** Subject of the program, for its heading: "Forward mode". */
  readonly subject: string;
  readonly exercises: readonly ExerciseOf[];
  readonly program: string;
  readonly printed: string;
  /** Text before the program. */
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <section>
        <h2>Exercises</h2>
        {exercises.map((exercise) => (
          <Exercise exercise={exercise} />
        ))}
      </section>
      <section>
        <h2>{subject} in ten lines</h2>
        {children}
        <Code label="The program">{program}</Code>
        <p>It prints</p>
        <Code label="What the program prints">{printed}</Code>
      </section>
    </>
  );
}
