// What every chapter ends with.
import type { ComponentChildren, JSX } from "preact";
import { Exercise } from "../live/exercise.tsx";
import { Code } from "../live/formula.tsx";
import type { Exercise as ExerciseOf } from "../live/judge.ts";

/** The exercises of a chapter, and its subject in ten lines of downhill with what they print. */
export function ChapterEnd({
  subject,
  exercises,
  program,
  printed,
  children,
}: {
  /** What the program shows, for its heading: "Forward mode". */
  readonly subject: string;
  readonly exercises: readonly ExerciseOf[];
  readonly program: string;
  readonly printed: string;
  /** What is said before the program. */
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
