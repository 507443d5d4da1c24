// What every example ends with.
import type { ComponentChildren, JSX } from "preact";
import { Code } from "../live/formula.tsx";

/** The work of the page as a program that can be copied, and what it prints. */
export function ProgramPart({
  program,
  printed,
  children,
}: {
  readonly program: string;
  readonly printed: string;
  /** What is said before it. */
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
