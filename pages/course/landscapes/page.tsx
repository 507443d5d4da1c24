import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { island } from "../../live/island.tsx";
import { Kinds, Neurons, Saddle } from "./figures.tsx";
import { state } from "./state.ts";

/** The map of starts, which becomes interactive after the other figures. */
const basins = island(async () => (await import("./basins-figure.tsx")).Basins);
const end = chapterEnd("landscapes", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Kinds />
      <Shapes />
      <Saddles />
      <Symmetry />
      <Starts />
      <end.Place subject="Landscapes">
        <p>
          <code>vmap</code> turns a step for one point into a step for a table of points. Four starts near the
          origin of Himmelblau’s function end in four minima.
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
        Gradient descent knows only the slope at its present point. The shape of the landscape decides whether
        that is enough.
      </p>
      <p>
        A function is <em>convex</em> if it curves upwards at every point and in every direction, like a bowl.
        Then every minimum is a lowest point, and every path downhill leads there. The sum of squares in the
        fit of a straight line is convex. The loss of a network is not.
      </p>
      <p>
        Choose each kind of landscape in the figure above. Look at the run of gradient descent first, then at
        the others, and move the start.
      </p>
      <p>
        <strong>Many minima.</strong> A <em>local minimum</em> is lower than its surroundings, but it may be
        higher than another minimum. Gradient descent stays in the first one that it reaches. Momentum passes
        through shallow ones.
      </p>
      <p>
        <strong>A plateau.</strong> The gradient is almost 0, so the steps of gradient descent are tiny.
        RMSProp and Adam divide by the size of recent gradients. Therefore their steps are as long here as
        elsewhere.
      </p>
      <p>
        <strong>Saddles.</strong> The gradient is 0 at a saddle, which is a minimum along one direction and a
        maximum along another. A run that comes down along the first direction is slow near the saddle.
      </p>
    </section>
  );
}

function Saddles(): JSX.Element {
  return (
    <section>
      <h2>The time at a saddle</h2>
      <p>
        On <M>x² − y²</M>, a step multiplies <M>x</M> by <M>1 − 2*η</M> and <M>y</M> by <M>1 + 2*η</M>. The
        line <M>y = 0</M> leads into the saddle. The distance from this line grows by the same factor in each
        step.
      </p>
      <Prediction
        question="A run starts at the distance 0.001 from the line, and leaves the saddle after about 80 steps. When does a run leave that starts at the distance 0.000001?"
        guesses={[
          {
            words: "after about 80,000 steps",
            answer:
              "The distance grows exponentially: each division of the start by ten costs the same number of steps.",
          },
          {
            words: "after about 150 steps",
            isRight: true,
            answer:
              "Dividing the distance by a thousand costs log(1000), divided by the logarithm of the factor.",
          },
          { words: "never", answer: "Only exactly on the line is the derivative along y equal to 0." },
        ]}
        figures={
          <>
            <Saddle />
          </>
        }
      >
        <p>
          For the distance <M>d</M>, the number of steps is the logarithm <M>log(1.6/d)/log(1 + 2*η)</M>. So
          saddles slow gradient descent down, but they do not stop it. The only exception is a start exactly
          on the line.
        </p>
      </Prediction>
    </section>
  );
}

function Symmetry(): JSX.Element {
  return (
    <section>
      <h2>Two exchangeable neurons</h2>
      <p>
        A small network is the sum of two neurons, <M>tanh(x*u) + tanh(y*u)</M>, with the weights <M>x</M> and{" "}
        <M>y</M>. It learns from data of a network with the weights −1 and 2. If you exchange the two neurons,
        the result is the same. So the loss has two minima, (−1, 2) and (2, −1). Each is the mirror image of
        the other.
      </p>
      <p>
        On the line <M>x = y</M>, both neurons are equal, and so are their gradients. Play the training from
        equal weights. Then add a little noise.
      </p>
      <Neurons />
      <p>
        Without noise, the two neurons stay equal for ever. Their best position is a saddle. For this reason,
        the weights of networks begin with random numbers. The noise of mini-batches helps, too. Press{" "}
        <em>Change places</em>: the run from the mirrored start is the mirrored run.
      </p>
      <Aside>
        The ten neurons of a layer can be arranged in 3,628,800 orders, which all compute the same function.
        So each minimum of a network occurs that many times.
      </Aside>
    </section>
  );
}

function Starts(): JSX.Element {
  return (
    <section>
      <h2>The effect of the start</h2>
      <p>
        With several minima, the start determines the end of a run. All starts that lead to one minimum form
        its <em>basin</em>. The map shows the basins of four minima that are equally low.
      </p>
      <p>
        Increase the rate slowly, and watch the borders between the basins. Then choose momentum: the run does
        not always end in the nearest minimum.
      </p>
      <basins.Place />
      <p>
        With small rates the borders are smooth, because the run follows the slope like water. Longer steps
        jump across borders, and momentum carries a run past a minimum. Where the colours are mixed, a tiny
        change of the start leads to another minimum, and the end cannot be predicted.
      </p>
    </section>
  );
}

export const page: LivePage = {
  state,
  Body,
  prerender: async () => void (await Promise.all([end.load(), basins.load()])),
  program: end.program,
};
