import type { JSX } from "preact";
import { compileText } from "../../../src/numeric/syntax/index.ts";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { tapeOfText } from "../../live/tape.ts";
import { chapterEnd } from "../chapter-end.tsx";
import { ChainFigure } from "./chain-figure.tsx";
import { GraphFigure } from "./graph-figure.tsx";
import { GrowthFigure } from "./growth-figure.tsx";
import { pathCounts } from "./paths.ts";
import { PathsFigure } from "./paths-figure.tsx";
import { state, twice } from "./state.ts";

/** Number of paths from x to z in the chapter's program. */
export const pathsOfText = pathCounts(tapeOfText(compileText(twice), [2, 3]))[0]!;

const end = chapterEnd("dependency-graph", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <GraphFigure />
      <Graph />
      <Chain />
      <Paths />
      <TooMany />
      <end.Place subject="The chain rule over paths">
        <p>
          The three products in the program belong to the three paths of this chapter. <code>grad</code>{" "}
          returns their sum, and lists no paths.
        </p>
      </end.Place>
    </>
  );
}

function Graph(): JSX.Element {
  return (
    <>
      <h2>A program as a graph</h2>
      <p>
        A program is a list of lines. For derivatives, another question counts: which values does a line read?
        Draw a box for every value, and an arrow from each value to the values that are computed from it. This
        is the <strong>dependency graph</strong> of the program.
      </p>
      <p>
        The graph shows what an input can affect: all values that its arrows lead to. Click <M>y</M> in the
        figure, and then <M>v</M>.
      </p>
      <p>
        Each arrow carries a number, the <strong>local derivative</strong>. Take the line <M>u = x * y</M>.
        When only <M>x</M> moves, <M>u</M> moves <M>y</M> times as fast. So the arrow from <M>x</M> to{" "}
        <M>u</M> carries the value of <M>y</M>. A local derivative depends on its own line only.
      </p>
    </>
  );
}

function Chain(): JSX.Element {
  return (
    <>
      <h2>The chain rule from school</h2>
      <p>
        Begin with the simplest graph, a chain of two arrows. The value <M>u</M> is computed from <M>x</M>,
        and <M>z</M> is computed from <M>u</M>. Imagine that <M>u</M> moves three times as fast as <M>x</M>,
        and <M>z</M> moves twice as fast as <M>u</M>. Then <M>z</M> moves six times as fast as <M>x</M>. The
        two rates multiply:
      </p>
      <p class="formula">
        <M>dz/dx = dz/du · du/dx</M>
      </p>
      <p>
        This is the chain rule as taught at school. The first factor is the slope of the outer function at{" "}
        <M>u</M>. The second factor is the slope of the inner function at <M>x</M>. Choose two functions, and
        move <M>x</M>.
      </p>
      <ChainFigure />
      <p>
        A longer chain has more factors, one for each arrow. The rule for a whole program needs only one more
        idea: in a graph there may be several ways from <M>x</M> to <M>z</M>.
      </p>
    </>
  );
}

function Paths(): JSX.Element {
  return (
    <>
      <h2>The chain rule is a sum over paths</h2>
      <p>
        A change of <M>x</M> reaches the result along the arrows. On each arrow it is multiplied by the local
        derivative, as in a chain. If several arrows leave a value, the change follows all of them. If several
        arrows arrive at a value, their contributions are added.
      </p>
      <p>
        So the general rule is: <strong>multiply along each path, and add over all paths</strong>. The sum is
        the derivative.
      </p>
      <Prediction
        question={
          <>
            The program has the lines <M>u = x * y</M>, <M>v = u + x</M> and <M>z = u * v</M>. How many paths
            lead from <M>x</M> to <M>z</M>?
          </>
        }
        guesses={[
          { words: "two", answer: "There is one more: v reads x, and v also reads u." },
          {
            words: "three",
            isRight: true,
            answer: "One path uses u, one uses u and v, and one uses v only.",
          },
          {
            words: "four",
            answer: "Two arrows leave x, two leave u, and one leaves v. But not all of them can be combined.",
          },
        ]}
        figures={
          <>
            <PathsFigure />
            <p>
              It is a common mistake to forget a path. If you differentiate <M>z = u * v</M> in <M>x</M> and
              consider only <M>u</M>, the result looks plausible, but a whole product is missing.
            </p>
          </>
        }
      >
        <p>
          The graph has {pathsOfText} paths. The next figure lists them, unless you have changed the program.
        </p>
      </Prediction>
    </>
  );
}

function TooMany(): JSX.Element {
  return (
    <>
      <h2>Too many paths</h2>
      <p>
        Paths explain the rule, but they are a bad way to compute. Each value that is read twice can double
        the number of paths. Take twenty lines, each of which reads the line before it twice. They have more
        than a million paths.
      </p>
      <GrowthFigure />
      <p>
        Fortunately, paths share arrows. Twenty such lines have only forty arrows. It is enough to visit each
        arrow once, if the contributions are added in each box. Two orders work:
      </p>
      <ul>
        <li>
          From the inputs to the result. Each box adds up what arrives from the input. This is forward mode,
          the subject of the last chapter.
        </li>
        <li>
          From the result to the inputs. Each box adds up its effect on the result. This is reverse mode, the
          subject of the next chapter.
        </li>
      </ul>
      <Aside>
        A value that is on no path to the result does not affect the derivative. A value that the chosen
        inputs cannot affect is a constant. Programs that differentiate find such values in the graph before
        they start.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
