// Exercises that check themselves.
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { M } from "./formula.tsx";
import { type Exercise as ExerciseOf, judge, taskOf, type Verdict } from "./judge.ts";

/** Text with formulas between backquotes. */
function Sentence({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split("`").map((part, i) => (i % 2 === 0 ? part : <M>{part}</M>))}</>;
}

/** One exercise: a question, a field, a verdict, and another instance for those who want more. */
export function Exercise({ exercise }: { readonly exercise: ExerciseOf }): JSX.Element {
  const seed = useSignal(1);
  const answer = useSignal("");
  const verdict = useSignal<Verdict | undefined>(undefined);
  const task = useComputed(() => taskOf(exercise, seed.value));
  const id = useId();
  const said = verdict.value;
  return (
    <form
      class="exercise"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        verdict.value = judge(task.value, answer.value);
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
          onClick={() => {
            seed.value += 1;
            answer.value = "";
            verdict.value = undefined;
          }}
        >
          Another one
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
