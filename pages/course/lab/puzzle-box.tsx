// A puzzle on a page: its task, the code, hints, and the judgement.
import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { Code } from "../../live/formula.tsx";
import { noteDraft, noteSolved, progress } from "../progress.ts";
import { CodeField } from "./code-field.tsx";
import { lab } from "./lab.ts";
import type { Puzzle, PuzzleVerdict } from "./puzzle.ts";
import { Paragraphs, RichText } from "./rich-text.tsx";

interface PuzzleBoxProps {
  readonly chapter: string;
  readonly puzzle: Puzzle;
  readonly title: string;
  /** Level of the heading: one below that of the part of the page. Default `h3`. */
  readonly level?: "h2" | "h3";
  /** Shown when the puzzle is solved. */
  readonly children?: ComponentChildren;
}

/** A puzzle. Its code is stored with the progress. */
export function PuzzleBox({
  chapter,
  puzzle,
  title,
  level: Heading = "h3",
  children,
}: PuzzleBoxProps): JSX.Element {
  const { id, task, start, names, hints, solution } = puzzle;
  const key = `${chapter}/${id}`;
  const text = useComputed(() => progress.value.drafts[key] ?? start);
  const isSolved = useComputed(() => Object.hasOwn(progress.value.solved, key));
  const verdict = useSignal<PuzzleVerdict | undefined>(undefined);
  const printed = useSignal<readonly string[]>([]);
  const run = useSignal(0);
  const isRunning = run.value !== 0 && lab.running.value === run.value;
  const hintCount = useSignal(0);
  const showsSolution = useSignal(false);
  const heading = useId();

  const check = (): void => {
    printed.value = [];
    verdict.value = undefined;
    const code = text.peek();
    run.value = lab.run({ text: code, puzzle: { chapter, id, names } }, (message) => {
      if (message.kind === "printed") printed.value = [...printed.peek(), message.line];
      if (message.kind === "failed")
        verdict.value = { problem: message.problem, checks: [], note: "", isSolved: false };
      if (message.kind === "judged") {
        verdict.value = message.verdict;
        if (message.verdict.isSolved) noteSolved(chapter, id, code);
      }
    });
  };

  return (
    <section class="puzzle" id={`puzzle-${id}`} aria-labelledby={heading}>
      <Heading id={heading} class="puzzle-title">
        {title}
        {isSolved.value && <span class="solved"> ✓ solved</span>}
      </Heading>
      <Paragraphs text={task} />
      <CodeField
        text={text.value}
        label={`Code of “${title}”`}
        change={(next) => noteDraft(chapter, id, next)}
        run={check}
      />
      <div class="puzzle-buttons">
        <button type="button" class="is-next" onClick={check}>
          Check
        </button>
        {isRunning && (
          <button type="button" onClick={() => lab.stop()}>
            Stop
          </button>
        )}
        {hintCount.value < hints.length ? (
          <button type="button" onClick={() => (hintCount.value += 1)}>
            Hint {hintCount.value + 1} of {hints.length}
          </button>
        ) : (
          <button
            type="button"
            aria-expanded={showsSolution.value}
            onClick={() => (showsSolution.value = !showsSolution.value)}
          >
            {showsSolution.value ? "Hide the solution" : "Show a solution"}
          </button>
        )}
        {text.value !== start && (
          <button
            type="button"
            onClick={() => {
              noteDraft(chapter, id, start);
              verdict.value = undefined;
            }}
          >
            Start again
          </button>
        )}
      </div>
      {hintCount.value > 0 && (
        <ol class="hints" aria-label="Hints" aria-live="polite">
          {hints.slice(0, hintCount.value).map((hint) => (
            <li>
              <RichText text={hint} />
            </li>
          ))}
        </ol>
      )}
      {showsSolution.value && <Code label={`A solution of “${title}”`}>{solution}</Code>}
      <Printed lines={printed.value} />
      <div role="status">
        {isRunning && <p class="soft">Checking …</p>}
        {verdict.value !== undefined && <Verdict verdict={verdict.value} />}
        {verdict.value?.isSolved === true && children}
      </div>
    </section>
  );
}

/** Lines that a program printed. */
function Printed({ lines }: { readonly lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <Code label="Output" isWrapped>
      {lines.join("\n")}
    </Code>
  );
}

function Verdict({
  verdict: { problem, checks, note, isSolved },
}: {
  readonly verdict: PuzzleVerdict;
}): JSX.Element {
  if (problem !== "")
    return (
      <p class="problem">
        <strong>The code does not run.</strong> {problem}
        {note !== "" && ` ${note}`}
      </p>
    );
  const met = checks.filter(({ isMet }) => isMet).length;
  return (
    <>
      <p class={isSolved ? "verdict is-right" : "verdict is-wrong"}>
        {isSolved
          ? `Solved: all ${checks.length} checks pass.`
          : `Not yet: ${met} of ${checks.length} checks pass.`}
      </p>
      {note !== "" && <p>{note}</p>}
      <ul class="checks">
        {checks.map(({ claim, isMet, found }) => (
          <li class={isMet ? "is-met" : "is-open"}>
            <span class="check-mark" aria-label={isMet ? "passes" : "fails"} role="img">
              {isMet ? "✓" : "✗"}
            </span>{" "}
            {claim}
            {found !== "" && <span class="found">{found}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
