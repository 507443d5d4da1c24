// The list of chapters, with a first puzzle.
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useContext, useEffect } from "preact/hooks";
import { pageState } from "../live/address.ts";
import { type LivePage, type PageLink, Thumbnails } from "../live/page.tsx";
import { section } from "./contents.ts";
import { puzzles } from "./derivative-of-code/puzzles.ts";
import { PuzzleBox } from "./lab/puzzle-box.tsx";
import { puzzleLinks } from "./lab/titles.ts";
import { doneIn, loadProgress, progress, puzzleCount } from "./progress.ts";

const [first] = section.pages as readonly [PageLink];
const firstLink = puzzleLinks[first.slug]![0]!;
const firstKey = `${first.slug}/${firstLink.id}`;

function Body(): JSX.Element {
  const isReturning = useSignal(false);
  useEffect(() => {
    loadProgress();
    isReturning.value = Object.hasOwn(progress.value.solved, firstKey);
  }, []);
  return (
    <>
      {isReturning.value ? <Continue /> : <Begin />}
      <ol class="contents has-pictures chapters">
        {section.pages.map((link, i) => (
          <Chapter link={link} number={i + 1} />
        ))}
      </ol>
      <p class="course-more">
        <a href="./results/">Your results</a>, with all puzzles and your code.{" "}
        <a href="./teachers/">For teachers</a>: order, time, prerequisites, licence.
      </p>
    </>
  );
}

/** The first puzzle, which takes a minute. */
function Begin(): JSX.Element {
  return (
    <section class="begin">
      <p>
        A derivative says how fast a result changes when an input changes. Programs that learn use millions of
        them. You can write your first one now: replace <code>x</code> in the second line, and press “Check”.
      </p>
      <PuzzleBox chapter={first.slug} puzzle={puzzles[0]!} title={firstLink.title} level="h2">
        <p>
          The library compared your function with a difference quotient.{" "}
          <a href={`./${first.slug}/`}>Go on with chapter 1: {first.title}</a>
        </p>
      </PuzzleBox>
    </section>
  );
}

/** For a learner who comes back: a link to the first unfinished chapter. */
function Continue(): JSX.Element {
  const words = useComputed(() => {
    const solved = Object.keys(progress.value.solved).length;
    const next = section.pages.find(
      ({ slug }) => doneIn(progress.value, slug).puzzles < puzzleLinks[slug]!.length,
    );
    return { solved, next };
  });
  const { solved, next } = words.value;
  return (
    <section class="begin puzzle">
      <p>
        You have solved {Math.min(solved, puzzleCount)} of {puzzleCount} puzzles.{" "}
        {next === undefined ? (
          <a href="./results/">Show your results</a>
        ) : (
          <a href={`./${next.slug}/`}>Continue with “{next.title}”</a>
        )}
      </p>
    </section>
  );
}

function Chapter({ link, number }: { readonly link: PageLink; readonly number: number }): JSX.Element {
  const { slug, title, summary, minutes } = link;
  const thumbnail = useContext(Thumbnails).get(slug) ?? "";
  const all = puzzleLinks[slug]!.length;
  const done = doneIn(progress.value, slug);
  return (
    <li>
      <a href={`./${slug}/`}>
        {/* The browser keeps the picture of the file: hydration does not touch this element. */}
        <span class="plane" dangerouslySetInnerHTML={{ __html: thumbnail }} />
        <span class="chapter-title">{`${number}. ${title}`}</span>
      </a>
      <p>{summary}</p>
      <p class="chapter-facts">
        {minutes} minutes · {all} puzzles
        {done.isRead && <span class="solved"> · ✓ read</span>}
      </p>
      {done.puzzles > 0 && (
        <p class="chapter-facts">
          <progress max={all} value={done.puzzles} aria-label={`Solved puzzles of “${title}”`} />{" "}
          {done.puzzles} of {all} puzzles solved
        </p>
      )}
    </li>
  );
}

export const page: LivePage = { state: pageState(), Body };
