import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { Basins, Kinds, Neurons, Saddle } from "./figures.tsx";
import { state } from "./state.ts";

const end = chapterEnd("landscapes", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Shapes />
      <Saddles />
      <Symmetry />
      <Starts />
      <end.Place subject="Landscapes">
        <p>
          <code>vmap</code> makes of a step for one point a step for a table of them. Four starts around the
          origin of Himmelblau's function end in four minima.
        </p>
      </end.Place>
    </>
  );
}

function Shapes(): JSX.Element {
  return (
    <section>
      <h2>Kinds of landscapes</h2>
      <p>
        Gradient descent sees the slope where it stands and nothing else. Whether that is enough depends on
        the landscape.
      </p>
      <p>
        A function is <em>convex</em> where it curves up in every direction, at every point, like a bowl. Then
        every minimum is the lowest there is, and any way down leads to it. The sum of squares of a straight
        line is convex. The loss of a network is not.
      </p>
      <p>
        Go through the kinds below. On each, look first at what gradient descent does, then at the others, and
        move the start.
      </p>
      <Kinds />
      <p>
        <strong>Many minima.</strong> A <em>local minimum</em> is lower than all around it, and not the lowest
        of all. Gradient descent stays in the first that it meets. Momentum runs through shallow ones on the
        speed that it has.
      </p>
      <p>
        <strong>A plateau.</strong> Where the gradient is almost 0, so is the step, for a rate times nothing
        is nothing. RMSProp and Adam divide by the size that gradients had lately, so their steps are as long
        here as anywhere.
      </p>
      <p>
        <strong>Saddles.</strong> A point with gradient 0 that is a minimum along one direction and a maximum
        along another. It holds what comes down to it along the first.
      </p>
    </section>
  );
}

function Saddles(): JSX.Element {
  return (
    <section>
      <h2>How long a saddle holds</h2>
      <p>
        On <M>x² − y²</M> a step multiplies <M>x</M> by <M>1 − 2*η</M> and <M>y</M> by <M>1 + 2*η</M>. So the
        distance from the line that leads into the saddle grows by the same factor each time, however small it
        is at first.
      </p>
      <Prediction
        question="A start lies a thousandth beside the line, and another a millionth. Gradient descent leaves the saddle after some 80 steps from the first. When from the second?"
        guesses={[
          {
            words: "after about 80,000",
            answer:
              "Growth by a factor is faster than that: each ten times nearer costs the same number of steps more.",
          },
          {
            words: "after about 150",
            isRight: true,
            answer: "A thousand times nearer costs the logarithm of a thousand, over that of the factor.",
          },
          { words: "never", answer: "Only on the line itself is the derivative along y exactly 0." },
        ]}
        figures={
          <>
            <Saddle />
          </>
        }
      >
        <p>
          The number of steps is a logarithm, <M>log(1.6/d)/log(1 + 2*η)</M> for the distance <M>d</M>.
          Saddles slow gradient descent down. They do not stop it, unless the start is on the line to the last
          bit.
        </p>
      </Prediction>
    </section>
  );
}

function Symmetry(): JSX.Element {
  return (
    <section>
      <h2>Two neurons that may change places</h2>
      <p>
        A small network adds two neurons up, <M>tanh(x*u) + tanh(y*u)</M>, with the weights <M>x</M> and{" "}
        <M>y</M>, and learns from a network of the same form with the weights −1 and 2. Swap its two neurons
        and it computes the same. So its loss has two minima, (−1, 2) and (2, −1), each the mirror image of
        the other in the line <M>x = y</M>.
      </p>
      <p>
        On that line both neurons are equal, and so are their gradients. Play the training from equal weights.
        Then add a little noise.
      </p>
      <Neurons />
      <p>
        Without noise nothing ever tells the two apart: they stay equal to the last bit, and the best that two
        equal neurons can do is a saddle. This is why weights begin at random, and one more thing that the
        noise of mini-batches is good for. Press <em>Change places</em>: the run from the mirrored start is
        the mirrored run.
      </p>
      <Aside>
        A layer of ten neurons can be put in 3,628,800 orders that all compute the same. Each minimum of a
        network is one of that many.
      </Aside>
    </section>
  );
}

function Starts(): JSX.Element {
  return (
    <section>
      <h2>What a start decides</h2>
      <p>
        With several minima, where a run ends depends on where it begins. All starts that lead to one minimum
        are its <em>basin</em>. The map shows them for four minima that are equally low.
      </p>
      <p>
        Raise the rate slowly and watch the borders fray. Then choose momentum: the minimum nearest to a start
        is no longer the likely one.
      </p>
      <Basins />
      <p>
        At small rates the basins have smooth borders, for the run follows the slope like water. Longer steps
        jump over borders, and momentum carries runs past minima. Where the colours are mixed, a start a
        hair's breadth away leads elsewhere: the start decides, and nobody could say how.
      </p>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
