// A question for the reader to answer before the answer is shown.
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId } from "preact/hooks";

/** An answer that the user may choose, with the response to it. */
export interface Guess {
  readonly words: string;
  readonly isRight?: boolean;
  /** Text that is shown after the user has chosen this answer. */
  readonly answer: ComponentChildren;
}

interface PredictionProps {
  readonly question: ComponentChildren;
  readonly guesses: readonly Guess[];
  /** The solution, as text. */
  readonly children: ComponentChildren;
  /** Figures that also reveal the solution. They follow the question and are hidden with the solution. */
  readonly figures?: ComponentChildren;
}

/**
 * A question with a few answers. The solution is hidden until one is chosen. In print, without scripts, and for links
 * with a state, everything is shown.
 */
export function Prediction({ question, guesses, children, figures }: PredictionProps): JSX.Element {
  const chosen = useSignal<number | "none" | undefined>(undefined);
  useEffect(() => {
    if (location.hash.length > 1) chosen.value = "none";
  }, []);
  return (
    <>
      <Question {...{ question, guesses, chosen }}>{children}</Question>
      {figures !== undefined && (
        <div class={chosen.value === undefined ? "reveal is-hidden" : "reveal"}>{figures}</div>
      )}
    </>
  );
}

function Question({
  question,
  guesses,
  chosen,
  children,
}: Omit<PredictionProps, "figures"> & {
  /** Index of the chosen answer; "none" if the reader does not want to guess. */
  readonly chosen: Signal<number | "none" | undefined>;
}): JSX.Element {
  const id = useId();
  const guess = typeof chosen.value === "number" ? guesses[chosen.value] : undefined;
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
        {chosen.value === undefined && (
          <button type="button" class="skip-guess" onClick={() => (chosen.value = "none")}>
            Show the answer
          </button>
        )}
      </div>
      <div role="status" class="verdict">
        {guess !== undefined && (
          <p>
            <strong>{guess.isRight === true ? "Yes. " : "Not so. "}</strong>
            {guess.answer}
          </p>
        )}
      </div>
      <div class={chosen.value === undefined ? "reveal is-hidden" : "reveal"}>{children}</div>
    </section>
  );
}
