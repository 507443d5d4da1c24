// The gradient of a program as code.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type * as Writer from "./emitted.ts";
import { Code } from "./formula.tsx";
import type { Program } from "./program.ts";

/** The gradient of a program as JavaScript. */
export function GradientCode({
  program,
  writer,
}: {
  readonly program: Program;
  /** Module that writes the code; `undefined` until it is loaded. */
  readonly writer: typeof Writer | undefined;
}): JSX.Element {
  const text = useSignal("");
  useEffect(() => {
    if (program.kind === "plain" || writer === undefined) return;
    let isOld = false;
    const take = (found: string): void => {
      if (!isOld) text.value = found;
    };
    writer.emittedGradient(program).then(take, (problem: unknown) => take(sentenceOf(problem)));
    return () => {
      isOld = true;
    };
  }, [program, writer]);
  const code =
    program.kind === "plain" && writer !== undefined
      ? written(() => writer.gradientCode(program))
      : text.value;
  return <Code label="The gradient in JavaScript">{code === "" ? "…" : code}</Code>;
}

function written(write: () => string): string {
  try {
    return write();
  } catch (problem) {
    return sentenceOf(problem);
  }
}

function sentenceOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
