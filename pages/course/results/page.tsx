// All that a learner has done, and a result to share.
import { computed, type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { pageState } from "../../live/address.ts";
import { Figure } from "../../live/figure.tsx";
import { copyLink } from "../../live/share.tsx";
import { Code } from "../../live/formula.tsx";
import type { LivePage, PageLink } from "../../live/page.tsx";
import { section } from "../contents.ts";
import { puzzleLinks } from "../lab/titles.ts";
import { doneIn, forgetProgress, loadProgress, progress, puzzleCount } from "../progress.ts";
import { readResult, type Solved, writeResult } from "./result.ts";

const state = pageState();
/** Result of the link; `undefined` if the page was opened without one. */
const shared: Signal<Solved | undefined> = state.value<Solved | undefined>(
  "solved",
  undefined,
  (text) => (text === "" ? undefined : readResult(text)),
  (solved) => (solved === undefined ? "" : writeResult(solved)),
);
const own = computed<Solved>(() => new Set(Object.keys(progress.value.solved)));
const shown = computed(() => readResult(writeResult(shared.value ?? own.value)));

function Body(): JSX.Element {
  useEffect(loadProgress, []);
  return (
    <>
      <Result />
      <Done />
      <Forget />
    </>
  );
}

function Result(): JSX.Element {
  const said = useSignal("");
  const count = shown.value.size;
  const isShared = shared.value !== undefined;
  return (
    <>
      {isShared && (
        <p>
          This is the result of the sender of the link.{" "}
          <button type="button" onClick={() => (shared.value = undefined)}>
            Show mine
          </button>
        </p>
      )}
      <Figure
        id="result"
        title={`${count} of ${puzzleCount} puzzles solved`}
        caption="One square per puzzle. A filled square is solved."
      >
        <Drawing solved={shown.value} />
      </Figure>
      {!isShared && (
        <p>
          <button
            type="button"
            onClick={() => {
              const link = `${location.href.replace(/#.*$/s, "")}#solved=${writeResult(own.value)}`;
              void copyLink(link).then((words) => (said.value = words));
            }}
          >
            Copy a link to my result
          </button>{" "}
          <span role="status">{said}</span>
        </p>
      )}
    </>
  );
}

const [rowHeight, square, labelWidth] = [30, 20, 290]; // pixels

/** Solved puzzles as filled squares, one row per chapter. */
function Drawing({ solved }: { readonly solved: Solved }): JSX.Element {
  const rows = section.pages;
  const most = Math.max(...rows.map(({ slug }) => puzzleLinks[slug]!.length));
  const width = labelWidth + most * (square + 8) + 50;
  return (
    <svg
      class="result-squares"
      viewBox={`0 0 ${width} ${rows.length * rowHeight + 8}`}
      width={width}
      role="img"
      aria-label={`${solved.size} of ${puzzleCount} puzzles of the course solved`}
    >
      {rows.map(({ slug, title }, row) => {
        const links = puzzleLinks[slug]!;
        const count = links.filter(({ id }) => solved.has(`${slug}/${id}`)).length;
        const y = 4 + row * rowHeight;
        return (
          <g>
            <text x={0} y={y + 15} font-size={15}>
              {`${row + 1}. ${title}`}
            </text>
            {links.map(({ id }, i) => (
              <rect
                class={solved.has(`${slug}/${id}`) ? "is-solved" : "is-open"}
                x={labelWidth + i * (square + 8)}
                y={y}
                width={square}
                height={square}
                rx={3}
              />
            ))}
            <text x={width - 2} y={y + 15} font-size={14} text-anchor="end">
              {count}/{links.length}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The puzzles of all chapters, with the code of the solved ones. */
function Done(): JSX.Element {
  return (
    <section>
      <h2>Chapters and puzzles</h2>
      {section.pages.map((link, i) => (
        <ChapterResult link={link} number={i + 1} />
      ))}
    </section>
  );
}

function ChapterResult({
  link: { slug, title },
  number,
}: {
  readonly link: PageLink;
  readonly number: number;
}): JSX.Element {
  const done = doneIn(progress.value, slug);
  return (
    <section class="chapter-result">
      <h3>
        <a href={`../${slug}/`}>{`${number}. ${title}`}</a>
      </h3>
      {(done.isRead || done.exercises > 0) && (
        <p class="chapter-facts">
          {done.isRead && "✓ read"}
          {done.isRead && done.exercises > 0 && " · "}
          {done.exercises > 0 &&
            `${done.exercises} ${done.exercises === 1 ? "exercise" : "exercises"} solved`}
        </p>
      )}
      <ul class="checks">
        {puzzleLinks[slug]!.map(({ id, title: name }) => {
          const code = progress.value.solved[`${slug}/${id}`];
          return (
            <li class={code === undefined ? "" : "is-met"}>
              <span class="check-mark" role="img" aria-label={code === undefined ? "open" : "solved"}>
                {code === undefined ? "○" : "✓"}
              </span>{" "}
              <a href={`../${slug}/#puzzle-${id}`}>{name}</a>
              {code !== undefined && (
                <details>
                  <summary>Your code</summary>
                  <Code label={`Your code of “${name}”`}>{code}</Code>
                </details>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Forget(): JSX.Element {
  const isAsked = useSignal(false);
  return (
    <section>
      <h2>Where this is stored</h2>
      <p>Your progress is stored in this browser only. No server receives it.</p>
      {isAsked.value ? (
        <p>
          This deletes your code and your results.{" "}
          <button
            type="button"
            onClick={() => {
              forgetProgress();
              isAsked.value = false;
            }}
          >
            Delete
          </button>{" "}
          <button type="button" onClick={() => (isAsked.value = false)}>
            Keep
          </button>
        </p>
      ) : (
        <p>
          <button type="button" onClick={() => (isAsked.value = true)}>
            Delete my progress
          </button>
        </p>
      )}
    </section>
  );
}

export const page: LivePage = { state, Body };
