import type { JSX } from "preact";
import { compileText } from "../../../src/numeric/syntax/index.ts";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { tapeOfText } from "../../live/tape.ts";
import { ChapterEnd } from "../chapter-end.tsx";
import { exercises } from "./exercises.ts";
import { GraphFigure } from "./graph-figure.tsx";
import { GrowthFigure } from "./growth-figure.tsx";
import { pathCounts } from "./paths.ts";
import { PathsFigure } from "./paths-figure.tsx";
import { printed, program } from "./program.ts";
import { state, twice } from "./state.ts";

/** Number of paths from x to z in the chapter's program. */
export const pathsOfText = pathCounts(tapeOfText(compileText(twice), [2, 3]))[0]!;

function Body(): JSX.Element {
  return (
    <>
      <Graph />
      <Paths />
      <TooMany />
      <ChapterEnd
        chapter="dependency-graph"
        subject="The chain rule over paths"
        exercises={exercises}
        program={program}
        printed={printed}
      >
        <p>
          The three products below are the three paths of the chapter’s program. <code>grad</code> gives their
          sum, and lists no paths.
        </p>
      </ChapterEnd>
    </>
  );
}

function Graph(): JSX.Element {
  return (
    <>
      <p>
        A program is a list of lines, but the order of the list is not what counts. What counts is which value
        is computed of which. Draw every value as a box, and an arrow from each value to the ones that read
        it. This is the <strong>dependency graph</strong>.
      </p>
      <h2>What an input can affect</h2>
      <p>
        It answers a question that the text of a program hides: what can this input affect? Everything that
        its arrows lead to, and nothing else. Click <M>y</M> below, then <M>v</M>.
      </p>
      <GraphFigure />
      <p>
        An arrow carries a number, the <strong>local derivative</strong>. The line <M>u = x * y</M> moves{" "}
        <M>y</M> times as fast as <M>x</M>: so the arrow from <M>x</M> to <M>u</M> carries the value of{" "}
        <M>y</M>. To know that number one needs nothing but the line itself.
      </p>
    </>
  );
}

function Paths(): JSX.Element {
  return (
    <>
      <h2>The chain rule is a sum over paths</h2>
      <p>
        How does a push at <M>x</M> get to the result? It runs along the arrows. On every arrow it is
        multiplied by the local derivative. Where several arrows leave a value it runs along all of them, and
        where several arrive, what they bring adds up.
      </p>
      <p>
        So: <strong>multiply along each path, and add up over all paths</strong>. That sum is the derivative.
        It is the chain rule, all of it.
      </p>
      <Prediction
        question={
          <>
            The program begins with <M>u = x * y</M>, then <M>v = u + x</M>, then <M>z = u * v</M>. How many
            paths lead from <M>x</M> to <M>z</M>?
          </>
        }
        guesses={[
          { words: "two", answer: "One more: v reads x, and it reads u as well." },
          {
            words: "three",
            isRight: true,
            answer: "Over u; over u and then v; and over v alone.",
          },
          {
            words: "four",
            answer: "x has two arrows, u has two, v has one. But they do not combine freely.",
          },
        ]}
        figures={
          <>
            <PathsFigure />
            <p>
              The common mistake is to miss a path. Whoever differentiates <M>z = u * v</M> in <M>x</M> and
              sees only <M>u</M> gets a number that looks right, and it is too small or too large by a whole
              product.
            </p>
          </>
        }
      >
        <p>
          The graph has {pathsOfText}; they are listed below, as long as you have not changed the program.
        </p>
      </Prediction>
    </>
  );
}

function TooMany(): JSX.Element {
  return (
    <>
      <h2>Too many paths to walk</h2>
      <p>
        Paths make the rule easy to say, and useless to compute by. A value that is read twice doubles the
        number of paths behind it. Twenty lines that each read the one before twice have more than a million.
      </p>
      <GrowthFigure />
      <p>
        But paths share arrows. Twenty lines have forty arrows, and it is enough to visit each arrow once, if
        one adds up in the right places. There are two orders to do that. From the inputs to the result it is
        forward mode: each box holds what all paths from the input have brought so far. From the result to the
        inputs it is reverse mode, the subject of the next chapter: each box holds what all paths to the
        result are worth.
      </p>
      <Aside>
        What lies on no path to the result is not needed for the derivative, and what no chosen input can
        affect is a constant. Programs that compute derivatives read both off the graph before they begin.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body };
