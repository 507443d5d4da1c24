// The common end of the examples.
import type { ComponentChildren, JSX } from "preact";
import { Code } from "../live/formula.tsx";

/** The computation of the page as a program to copy, with its output. */
export function ProgramPart({
  program,
  printed,
  children,
}: {
  readonly program: string;
  readonly printed: string;
  /** Text before the program. */
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section>
      <h2>The same as a program</h2>
      {children}
      <Code label="The program">{program}</Code>
      <p>It prints</p>
      <Code label="What the program prints">{printed}</Code>
    </section>
  );
}
