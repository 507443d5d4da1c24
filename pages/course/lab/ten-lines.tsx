// The short program at the end of a chapter, which can be edited and run.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Code } from "../../live/formula.tsx";
import { CodeField } from "./code-field.tsx";
import { lab } from "./lab.ts";

/** A program with its output. Until it runs, the output is the expected one, which a test compares. */
export function TenLines({
  program,
  printed,
}: {
  readonly program: string;
  readonly printed: string;
}): JSX.Element {
  const text = useSignal(program);
  const output = useSignal<readonly string[] | undefined>(undefined);
  const problem = useSignal("");
  const number = useSignal(0);
  const isRunning = number.value !== 0 && lab.running.value === number.value;
  const run = (): void => {
    output.value = [];
    problem.value = "";
    number.value = lab.run({ text: text.peek() }, (message) => {
      if (message.kind === "printed") output.value = [...(output.peek() ?? []), message.line];
      if (message.kind === "failed") problem.value = message.problem;
    });
  };
  return (
    <div class="ten-lines">
      <CodeField text={text.value} label="The program" change={(next) => (text.value = next)} run={run} />
      <div class="puzzle-buttons">
        <button type="button" class="is-next" onClick={run}>
          Run
        </button>
        {isRunning && (
          <button type="button" onClick={() => lab.stop()}>
            Stop
          </button>
        )}
        {text.value !== program && (
          <button
            type="button"
            onClick={() => {
              text.value = program;
              output.value = undefined;
              problem.value = "";
            }}
          >
            Start again
          </button>
        )}
        <span role="status">{isRunning ? "Running …" : ""}</span>
      </div>
      <p>{output.value === undefined ? "It prints" : "It printed"}</p>
      <Code label="What the program prints" isWrapped>
        {output.value === undefined ? printed : output.value.join("\n")}
      </Code>
      <pre class="problem" role="alert">
        {problem}
      </pre>
    </div>
  );
}
