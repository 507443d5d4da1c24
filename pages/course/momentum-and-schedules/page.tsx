import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { RangeTest, Ravine, Schedules, StepsTable, Theory } from "./figures.tsx";
import { state, stepsByCondition } from "./state.ts";

const end = chapterEnd("momentum-and-schedules", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Ravine />
      <Remembering />
      <Convergence />
      <Changing />
      <Finding />
      <end.Place subject="Momentum and a schedule">
        <p>
          A schedule is a function of the step, and takes the position of the learning rate. <code>fit</code>{" "}
          makes the steps. The program prints every tenth epoch with its loss.
        </p>
      </end.Place>
    </>
  );
}

function Remembering(): JSX.Element {
  return (
    <section>
      <h2>A step with memory</h2>
      <p>
        Gradient descent has no memory. Each step depends only on the gradient at the present point. In a
        narrow valley, most steps go from one side to the other, and the run hardly moves along the valley.
      </p>
      <p>
        Momentum adds a memory, the velocity <M>v</M>. Each step adds the gradient <M>g</M> to the velocity,
        and moves the point by the velocity:
      </p>
      <p class="formula">
        <M>v ← β*v + g</M>
        <br />
        <M>x ← x − η*v</M>
      </p>
      <p>
        The number <M>β</M> (beta), from 0 to 1, is the fraction of the last velocity that is kept. With{" "}
        <M>β = 0</M> this is gradient descent. Gradients that always point in the same direction add up.
        Gradients that change their sign cancel.
      </p>
      <p>
        Increase <M>β</M> in the figure above, and compare how far both runs get along the valley. Then
        continue beyond 0.9, until the run swings past the minimum.
      </p>
      <p>
        On a constant slope, the velocity grows to <M>g*(1 + β + β² + …) = g/(1 − β)</M>. With <M>β = 0.9</M>,
        steps become ten times as long. Across the valley, the gradients alternate, and their sum stays small.
      </p>
      <Aside>
        There are three forms of momentum. Here, in <code>sgd</code> and in PyTorch, the rate multiplies the
        velocity. In Keras, the velocity contains the rate: <M>v ← β*v − η*g</M>. For a constant rate, both
        are equal. A third form adds <M>(1 − β)*g</M>, so that the velocity is a mean. It needs a rate that is{" "}
        <M>1/(1 − β)</M> times as high. When you take settings from a paper, check which form it uses.
      </Aside>
    </section>
  );
}

function Convergence(): JSX.Element {
  const hundred = stepsByCondition.find(({ condition }) => condition === 100)!;
  return (
    <section>
      <h2>Theory</h2>
      <p>
        On a bowl, the directions do not influence each other. In a direction of curvature <M>λ</M>, each
        error follows from the two errors before it: <M>e₂ = (1 + β − η*λ)*e₁ − β*e₀</M>. In the long run it
        shrinks like a power of the larger root of <M>r² − (1 + β − η*λ)*r + β = 0</M>.
      </p>
      <p>
        If the roots are complex, both have the absolute value <M>√β</M>. The error then oscillates and
        shrinks by <M>√β</M> per step, for any curvature. If the roots are real, the larger one dominates, and
        the flat direction is slow. The best <M>β</M> is at the border between the two cases.
      </p>
      <p>
        Drag <M>β</M> in the line of text below, and find the lowest point of the second chart. Then compare
        the dashed line (theory) with the solid line (measurement).
      </p>
      <Theory />
      <Prediction
        question={`On a bowl with the condition number 100, gradient descent at its best rate needs ${hundred.plain} steps to reduce the distance to a millionth. How many steps does momentum need, with its best rate and β?`}
        guesses={[
          {
            words: "about half as many",
            answer: "It needs far fewer. The square root of the condition number counts.",
          },
          {
            words: "about an eighth",
            isRight: true,
            answer: `It needs ${hundred.heavy}. The square root of the condition number is 10, and the first steps are slower.`,
          },
          {
            words: "about a hundredth",
            answer: "Then the number of steps would not depend on κ. It does, by its square root.",
          },
        ]}
      >
        <p>
          At the best settings, one step of gradient descent multiplies the error by <M>(κ − 1)/(κ + 1)</M>.
          One step with momentum multiplies it by <M>(√κ − 1)/(√κ + 1)</M>. These are the numbers of steps to
          a millionth of the distance:
        </p>
        <StepsTable />
        <p>
          When the condition number is four times as large, gradient descent takes four times as long, and
          momentum about twice.
        </p>
      </Prediction>
    </section>
  );
}

function Changing(): JSX.Element {
  return (
    <section>
      <h2>A rate that changes</h2>
      <p>
        The gradients of batches are noisy. With a high rate, a run is fast, but it cannot settle: it moves
        around the minimum in a cloud whose size is proportional to the rate. With a low rate, it settles but
        takes long to arrive. So begin with a high rate and end with a low one. A rule for this is called a{" "}
        <em>schedule</em>.
      </p>
      <ul>
        <li>
          <em>Dropped</em>: a tenth after 20 epochs, and a tenth of that after 30.
        </li>
        <li>
          <em>On plateau</em>: multiplied by 0.3 whenever the loss has not improved for three epochs.
        </li>
        <li>
          <em>Cosine</em>: along half a period of a cosine, down to 0.
        </li>
        <li>
          <em>Cyclic</em>: up and down in straight lines.
        </li>
        <li>
          <em>One cycle</em>: up for a third of the run, then down to almost 0.
        </li>
      </ul>
      <p>
        A training with the constant rate 0.3 starts when the figure comes into view. Train with each of the
        schedules, and compare the final losses.
      </p>
      <Schedules />
      <p>
        At 0.3, the run with a constant rate ends at more than twice the loss of the schedules, except for the
        cyclic one. The cyclic schedule is good whenever its rate is low, and worse when its rate rises. It
        has another purpose: a rising rate can carry a run out of a local minimum.
      </p>
      <p>
        Now try 0.03. A constant rate of 0.03 is low enough to settle, and works well. A schedule helps if the
        fast rate is not the accurate rate.
      </p>
    </section>
  );
}

function Finding(): JSX.Element {
  return (
    <section>
      <h2>Finding a rate</h2>
      <p>
        How high may the rate be? Leslie Smith proposed a short test. Start with a rate that is far too low,
        multiply it by the same factor in every step, and watch the loss.
      </p>
      <p>
        At first, the loss stays the same. Then it falls. In the end it grows without limit. The useful rates
        are between the first fall and the end of the falling part.
      </p>
      <RangeTest />
      <p>
        The test is cautious: it measures the highest rate at the beginning of a run, with a momentum of 0.9.
        A schedule that lowers the rate later may begin higher. One cycle with the highest rate 0.3 works well
        here.
      </p>
      <Aside>
        Cyclic rates and the range test: L. N. Smith, Cyclical learning rates for training neural networks,
        arXiv 1506.01186. One cycle: Smith and Topin, Super-convergence, arXiv 1708.07120. Momentum: B. T.
        Polyak, 1964.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
