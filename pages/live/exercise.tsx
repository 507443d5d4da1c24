// Self-checking exercises.
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { M } from "./formula.tsx";
import { type Exercise as ExerciseOf, respond, type Response, taskOf } from "./judge.ts";

/** Text with formulas between backquotes. */
function Sentence({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split("`").map((part, i) => (i % 2 === 0 ? part : <M>{part}</M>))}</>;
}

/** An exercise: a question, an answer field, a verdict, and further instances on request. */
export function Exercise({
  exercise,
  solved = () => {},
}: {
  readonly exercise: ExerciseOf;
  /** Called for a right answer. */
  readonly solved?: () => void;
}): JSX.Element {
  const seed = useSignal(1);
  const answer = useSignal("");
  const verdict = useSignal<Response | undefined>(undefined);
  const tries = useSignal<{ readonly count: number; readonly last: string }>({ count: 0, last: "" });
  const task = useComputed(() => taskOf(exercise, seed.value));
  const id = useId();
  const said = verdict.value;
  const isShown = said?.isRight === false && said.isSolved; // the solution is shown
  return (
    <form
      class="exercise"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        const given = answer.value.trim();
        const { count, last } = tries.value;
        // Repeating the same answer does not count as an attempt.
        const response = respond(
          task.value,
          exercise.hint,
          given,
          given === last ? Math.max(0, count - 1) : count,
        );
        if (!response.isRight && response.isReadable) tries.value = { count: response.tries, last: given };
        verdict.value = response;
        if (response.isRight) solved();
      }}
    >
      <h3 id={`${id}-title`}>{exercise.title}</h3>
      <p id={`${id}-question`}>
        <Sentence text={task.value.question} />
      </p>
      <div class="answer">
        <input
          aria-label={task.value.kind === "number" ? "Your number" : "Your formula"}
          aria-describedby={`${id}-question`}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          placeholder={
            task.value.kind === "number" ? "a number" : `a formula in ${task.value.names.join(", ")}`
          }
          value={answer.value}
          onInput={(event) => {
            answer.value = event.currentTarget.value;
            verdict.value = undefined;
          }}
        />
        <button type="submit">Check</button>
        <button
          type="button"
          class={isShown ? "is-next" : ""}
          onClick={() => {
            seed.value += 1;
            answer.value = "";
            verdict.value = undefined;
            tries.value = { count: 0, last: "" };
          }}
        >
          {isShown ? "A similar one" : "Another one"}
        </button>
      </div>
      <pre
        role="status"
        class={said === undefined ? "verdict" : said.isRight ? "verdict is-right" : "verdict is-wrong"}
      >
        {said === undefined ? "" : <Sentence text={said.text} />}
      </pre>
    </form>
  );
}
