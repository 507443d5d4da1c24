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
      <Descent />
      <Stepping />
      <Limit />
      <Valleys />
      <end.Place subject="Gradient descent">
        <p>
          An optimiser is a pair of functions. <code>init</code> creates its state, and <code>update</code>{" "}
          turns a gradient into the change of the point. The program runs on a bowl with the condition number
          10, at the best rate, and prints the height.
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
        The first four chapters computed gradients. This one uses them. The gradient of a function points in
        the direction in which the function grows fastest, and its length is the slope in that direction.
      </p>
      <p>
        To make the function smaller, go in the opposite direction, and go further where it is steeper. A step
        from the point <M>p</M> is
      </p>
      <p class="formula">
        <M>p ← p − η*∇f(p)</M>
      </p>
      <p>
        Repeat this from the new point. The number <M>η</M> (eta) is the <em>learning rate</em>: the length of
        the step for a slope of 1. This is gradient descent. The rest of the chapter is about the learning
        rate.
      </p>
      <p>
        Click in the map above to choose another start. Then increase the learning rate until the run does not
        settle any more.
      </p>
      <p>
        Each step begins at a right angle to the contour, because this is the direction of the gradient. Near
        the minimum the steps get shorter, although the rate stays the same. The reason is that the gradient
        is 0 at the minimum.
      </p>
    </section>
  );
}

function Limit(): JSX.Element {
  return (
    <section>
      <h2>The longest step</h2>
      <p>
        Look at one direction only. Near a minimum, every smooth function looks like a parabola, <M>λ*x²/2</M>
        . Its second derivative <M>λ</M> (lambda) is called the <em>curvature</em>. The derivative is{" "}
        <M>λ*x</M>, so a step multiplies <M>x</M> by <M>1 − η*λ</M>.
      </p>
      <p>
        If <M>η</M> is below <M>1/λ</M>, this factor is between 0 and 1, and <M>x</M> shrinks. If <M>η</M> is{" "}
        <M>1/λ</M>, one step reaches the minimum. If it is larger, the factor is negative: the step jumps
        across the minimum to the other side.
      </p>
      <Prediction
        question={
          <>
            The bowl <M>x²/2 + 10*y²/2</M> has the curvature 1 along <M>x</M> and 10 along <M>y</M>. Below
            which learning rate does gradient descent reach its minimum?
          </>
        }
        guesses={[
          {
            words: "0.1",
            answer:
              "At 0.1, one step removes the error along y. Larger rates jump across the minimum, but still get closer.",
          },
          {
            words: "0.2",
            isRight: true,
            answer: "The steepest direction decides, and its limit is 2 divided by its curvature.",
          },
          {
            words: "2",
            answer: "This is the limit along x. Along y, the factor would be 1 − 20 = −19.",
          },
        ]}
        figures={
          <>
            <p>
              Drag the rate across the limit. Then change the curvature along <M>y</M>. The chart at the
              bottom repeats the run with 120 rates.
            </p>
            <RateLimit />
          </>
        }
      >
        <p>
          A run gets closer to the minimum if the factor is between −1 and 1. This is the case for rates below{" "}
          <M>2/λ</M>. One rate must be small enough for all directions, so the largest curvature sets the
          limit. Below 2 divided by the largest curvature, the run converges. Above it, each step ends further
          away than the one before.
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
        The steepest direction allows only short steps, and the flattest direction needs long ones. The ratio
        of the two curvatures, <M>κ = λₘₐₓ/λₘᵢₙ</M> (kappa), is called the <em>condition number</em>. A round
        bowl has the condition number 1.
      </p>
      <p>
        The best rate for both directions is <M>η = 2/(λₘᵢₙ + λₘₐₓ)</M>. Then one step multiplies the error in
        each of them by <M>(κ − 1)/(κ + 1)</M>, apart from the sign.
      </p>
      <Prediction
        question="On a bowl with the condition number 10, about 70 steps reduce the distance from the minimum to a millionth. How many steps does a bowl with the condition number 100 need, at its best rate?"
        guesses={[
          {
            words: "about as many",
            answer: "The factor of one step is (κ − 1)/(κ + 1). It is 0.82 for κ = 10 and 0.98 for κ = 100.",
          },
          {
            words: "three times as many",
            answer: "Three is about the square root of 10. Momentum, in chapter 8, achieves this.",
          },
          {
            words: "ten times as many",
            isRight: true,
            answer: "For large κ, the number of steps is proportional to κ.",
          },
        ]}
        figures={
          <>
            <p>Drag the condition number. In a narrow valley, the run swings from side to side.</p>
            <Valley />
            <p>
              The same method needs {counts[0]} steps or {counts.at(-1)}, although the functions differ only
              in the scale of one input. Therefore data are scaled before a model learns from them. The
              following chapters improve the steps: momentum remembers earlier steps, and adaptive methods use
              a separate rate for each coordinate.
            </p>
          </>
        }
      >
        <p>
          For large <M>κ</M>, the factor is about <M>1 − 2/κ</M>, and its logarithm is about <M>−2/κ</M>.
          Reducing a distance to a millionth takes <M>κ*log(1000000)/2</M> steps, which is about <M>7*κ</M>.
        </p>
      </Prediction>
      <Aside>
        Near a minimum, this also holds for functions that are not parabolas. The curvatures are then the
        eigenvalues of the Hessian, the matrix of second derivatives. The sentence below the first map shows
        them at the end of the run.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
