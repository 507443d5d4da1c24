import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { Descent, RateLimit, Valley } from "./figures.tsx";
import { counts, state } from "./state.ts";

const end = chapterEnd("gradient-descent", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Stepping />
      <Limit />
      <Valleys />
      <end.Place subject="Gradient descent">
        <p>
          The optimiser is a pair of functions: <code>init</code> makes its state, <code>update</code> turns a
          gradient into what is added to the point. This is the bowl of condition 10 at its best rate, with
          the step and the height printed.
        </p>
      </end.Place>
    </>
  );
}

function Stepping(): JSX.Element {
  return (
    <section>
      <h2>Steps downhill</h2>
      <p>
        The chapters before this one computed gradients. This one walks by them. At every point the gradient
        of a function points in the direction in which it grows fastest, and its length says how fast.
      </p>
      <p>
        To make the function smaller, go the other way, and go further where it is steeper. A step from the
        point <M>p</M> is
      </p>
      <p class="formula">
        <M>p ← p − η*∇f(p)</M>
      </p>
      <p>
        and then the next one, from the new point. The number <M>η</M>, eta, is the <em>learning rate</em>:
        how far to go for each unit of slope. This is the whole of gradient descent. The rest of the chapter
        is about that one number.
      </p>
      <p>Click in the map to begin somewhere else. Then drag the rate up until the run no longer settles.</p>
      <Descent />
      <p>
        Each step crosses the contour at its beginning squarely: that is the direction of the gradient. The
        steps become short near the minimum, though the rate stays the same. Nobody shortens them. The
        gradient does, since it is 0 at a minimum.
      </p>
    </section>
  );
}

function Limit(): JSX.Element {
  return (
    <section>
      <h2>How long a step may be</h2>
      <p>
        Look along one direction only. Near a minimum every smooth function is a parabola there, <M>λ*x²/2</M>
        , and its second derivative <M>λ</M> (lambda) is called the <em>curvature</em>. The derivative is{" "}
        <M>λ*x</M>, so a step multiplies <M>x</M> by <M>1 − η*λ</M>.
      </p>
      <p>
        While <M>η</M> is below <M>1/λ</M>, that factor lies between 0 and 1, and <M>x</M> shrinks. At{" "}
        <M>1/λ</M> one step lands on the minimum. Above it the factor is negative: the step jumps over the
        minimum to the other side.
      </p>
      <Prediction
        question={
          <>
            The bowl <M>x²/2 + 10*y²/2</M> has the curvature 1 along <M>x</M> and 10 along <M>y</M>. Up to
            which rate does gradient descent arrive at its minimum?
          </>
        }
        guesses={[
          {
            words: "0.1",
            answer:
              "At 0.1 the error along y is gone in one step. Larger rates jump over the minimum, and still come nearer.",
          },
          {
            words: "0.2",
            isRight: true,
            answer: "The steepest direction decides, and it bears 2 divided by its curvature.",
          },
          {
            words: "2",
            answer: "Along x alone that would do. Along y the factor is then 1 − 20 = −19.",
          },
        ]}
        figures={
          <>
            <p>
              Drag the rate through the limit, then change the curvature along <M>y</M>. The curve at the
              bottom is the same run at 120 rates.
            </p>
            <RateLimit />
          </>
        }
      >
        <p>
          A run comes nearer as long as the factor lies between −1 and 1, so for rates below <M>2/λ</M>. Every
          direction asks this of the same rate. The largest curvature is the strictest: below 2 divided by it
          a run converges, above it each step swings further out than the one before.
        </p>
      </Prediction>
    </section>
  );
}

function Valleys(): JSX.Element {
  return (
    <section>
      <h2>Narrow valleys</h2>
      <p>
        The steepest direction forbids long steps. The flattest one needs them. How hard that is depends on
        their ratio alone, <M>κ = λₘₐₓ/λₘᵢₙ</M> (kappa), which is called the <em>condition number</em>. A
        round bowl has 1.
      </p>
      <p>
        The best that one rate can do for both is <M>η = 2/(λₘᵢₙ + λₘₐₓ)</M>. It multiplies the error in each
        of them by the same factor but for its sign: <M>(κ − 1)/(κ + 1)</M>.
      </p>
      <Prediction
        question="A bowl of condition 10 takes some 70 steps until the distance from its minimum is a millionth of what it was. How many does one of condition 100 take, at the best rate for it?"
        guesses={[
          {
            words: "about as many",
            answer: "The factor of a step is nearer to 1: (κ − 1)/(κ + 1) is 0.82 at 10, and 0.98 at 100.",
          },
          {
            words: "three times as many",
            answer: "That is the square root of 10. Momentum gets there, in a later chapter.",
          },
          {
            words: "ten times as many",
            isRight: true,
            answer: "For large κ the number of steps grows in proportion to it.",
          },
        ]}
        figures={
          <>
            <p>Drag the condition number and watch the run swing between the walls of the valley.</p>
            <Valley />
            <p>
              So the same method needs {counts[0]} steps or {counts.at(-1)}, for functions that differ by the
              scale of one input. This is why data are scaled before they are learned from, and why the next
              chapters look for better steps: momentum remembers the last ones, and adaptive methods keep a
              rate for each coordinate.
            </p>
          </>
        }
      >
        <p>
          With <M>κ</M> large, the factor is about <M>1 − 2/κ</M>, and its logarithm about <M>−2/κ</M>. To
          shrink a distance to a millionth takes <M>κ*log(1000000)/2</M> steps, or about <M>7*κ</M>.
        </p>
      </Prediction>
      <Aside>
        For a function that is no quadratic, the same holds near its minima, with the eigenvalues of the
        Hessian, the matrix of second derivatives, as the curvatures. The sentence below the first map
        computes them where the run ends.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
