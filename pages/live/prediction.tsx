// A question that is answered before the answer is shown.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** What one may predict, and why it is so or not. */
export interface Guess {
  readonly words: string;
  readonly isRight?: boolean;
  /** Said to those who chose it. */
  readonly answer: ComponentChildren;
}

/** A question with a few answers; what follows is hidden until one is chosen. Printed, everything is shown. */
export function Prediction({
  question,
  guesses,
  children,
}: {
  readonly question: ComponentChildren;
  readonly guesses: readonly Guess[];
  /** The reveal. */
  readonly children: ComponentChildren;
}): JSX.Element {
  const chosen = useSignal<number | undefined>(undefined);
  const id = useId();
  const guess = chosen.value === undefined ? undefined : guesses[chosen.value];
  return (
    <section class="prediction" aria-labelledby={`${id} ${id}-question`}>
      <h3 id={id}>Predict first</h3>
      <p id={`${id}-question`}>{question}</p>
      <div class="guesses">
        {guesses.map(({ words, isRight = false }, i) => (
          <button
            type="button"
            aria-pressed={chosen.value === i}
            class={
              chosen.value === undefined ? "" : isRight ? "is-right" : chosen.value === i ? "is-wrong" : ""
            }
            onClick={() => (chosen.value = i)}
          >
            {words}
          </button>
        ))}
      </div>
      <div role="status" class="verdict">
        {guess !== undefined && (
          <p>
            <strong>{guess.isRight === true ? "Yes. " : "Not so. "}</strong>
            {guess.answer}
          </p>
        )}
      </div>
      <div class={guess === undefined ? "reveal is-hidden" : "reveal"}>{children}</div>
    </section>
  );
}
