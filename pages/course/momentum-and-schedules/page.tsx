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
      <Remembering />
      <Convergence />
      <Changing />
      <Finding />
      <end.Place subject="Momentum and a schedule">
        <p>
          The schedule is a function of the step and stands in place of the number. <code>fit</code> makes the
          steps; every tenth epoch is printed with its loss.
        </p>
      </end.Place>
    </>
  );
}

function Remembering(): JSX.Element {
  return (
    <section>
      <p>
        Gradient descent forgets. Each step is computed from the gradient where it stands, and nothing else.
        In a narrow valley this is costly: step after step crosses from wall to wall, and hardly moves along.
      </p>
      <h2>A step that remembers</h2>
      <p>
        Momentum gives the run a memory. It keeps a velocity <M>v</M>, adds each gradient <M>g</M> to it, and
        moves by the velocity:
      </p>
      <p class="formula">
        <M>v ← β*v + g</M>
        <br />
        <M>x ← x − η*v</M>
      </p>
      <p>
        The number <M>β</M>, beta, from 0 to 1, says how much of the last velocity is kept. At 0 this is
        gradient descent. What points the same way at every step adds up; what changes its sign cancels.
      </p>
      <p>
        Drag <M>β</M> up. Watch how far both runs come along the floor. Then go on beyond 0.9, until the run
        swings past the minimum.
      </p>
      <Ravine />
      <p>
        Along a slope that stays the same, the velocity grows to <M>g*(1 + β + β² + …) = g/(1 − β)</M>. At{" "}
        <M>β = 0.9</M> steps become ten times as long. Across the valley the gradients alternate, and little
        of them is left.
      </p>
      <Aside>
        There are three forms of momentum. This is PyTorch's, and that of <code>sgd</code> here: the rate
        multiplies the velocity. Keras takes the rate into the velocity, <M>v ← β*v − η*g</M>, which is the
        same for a rate that stays. A third takes <M>(1 − β)*g</M>, a mean of gradients in place of a sum: its
        rate is <M>1/(1 − β)</M> times as high for the same steps. Numbers from a paper are of use only with
        its form.
      </Aside>
    </section>
  );
}

function Convergence(): JSX.Element {
  const hundred = stepsByCondition.find(({ condition }) => condition === 100)!;
  return (
    <section>
      <h2>What theory says</h2>
      <p>
        On a bowl, each direction of curvature <M>λ</M> goes its own way. Its error follows from the two
        before it, <M>e₂ = (1 + β − η*λ)*e₁ − β*e₀</M>, and goes in the long run as a power of the roots of{" "}
        <M>r² − (1 + β − η*λ)*r + β = 0</M>.
      </p>
      <p>
        Where the roots are complex, both have the size <M>√β</M>: the error swings, and shrinks by <M>√β</M>{" "}
        a step, whatever the curvature. Where they are real, the larger one rules, and the flat direction
        creeps. Between the two lies the best <M>β</M>.
      </p>
      <p>
        Drag <M>β</M> in the line below and look for the lowest point of the second chart. Then compare the
        dashes with the line.
      </p>
      <Theory />
      <Prediction
        question={`On a bowl of condition 100, gradient descent at its best rate needs ${hundred.plain} steps to come a million times nearer to the minimum. How many does momentum need, with the best rate and β for it?`}
        guesses={[
          {
            words: "about half as many",
            answer: "It is far better than that: the condition number enters by its square root.",
          },
          {
            words: "about an eighth",
            isRight: true,
            answer: `It needs ${hundred.heavy}. The condition number enters by its square root, which is 10 here, and the start costs a few steps more.`,
          },
          {
            words: "about a hundredth",
            answer: "Then κ would not matter at all. It still does, by its square root.",
          },
        ]}
      >
        <p>
          At its best a step of gradient descent multiplies the error by <M>(κ − 1)/(κ + 1)</M>, one with
          momentum by <M>(√κ − 1)/(√κ + 1)</M>. For a millionth of the distance that is
        </p>
        <StepsTable />
        <p>
          steps. Each time the valley is four times as narrow, gradient descent takes four times as long, and
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
        Batches make gradients noisy. A high rate crosses the landscape quickly and cannot settle: it dances
        around the minimum in a cloud as large as the rate. A low rate settles and takes for ever to arrive.
        So begin high and end low. How the rate goes from one to the other is called a <em>schedule</em>.
      </p>
      <p>
        <em>Dropped</em>: a tenth after 20 epochs and again after 30. <em>On plateau</em>: lowered to 0.3 of
        itself when the loss has not improved for three epochs, so that no moment is chosen beforehand.{" "}
        <em>Cosine</em>: along half a cosine down to 0. <em>Cyclic</em>: up and down in straight lines.{" "}
        <em>One cycle</em>: up for a third of the run, and down to almost nothing.
      </p>
      <p>
        A training with the rate held at 0.3 begins by itself. Train with each of the others, and compare
        where they end.
      </p>
      <Schedules />
      <p>
        At 0.3 the run that holds its rate goes up and down at more than twice the loss at which the others
        end, all but the cyclic one. That one is good whenever its rate is low, and pays for every rise. It is
        made for something else: a cycle carries a run out of hollows in which a falling rate would stay.
      </p>
      <p>
        Now try 0.03. Held, it is not bad at all, since it is low enough to settle. A schedule pays where the
        rate that is quick is not the rate that is exact.
      </p>
    </section>
  );
}

function Finding(): JSX.Element {
  return (
    <section>
      <h2>Which rates at all</h2>
      <p>
        How high may the rate go? Leslie Smith's answer, in the paper that brought cyclic rates, needs one
        short run: raise the rate a little at every step, from far too low to far too high, and watch the
        loss.
      </p>
      <p>
        At first nothing happens. Then the loss falls. At last it flies off. Between the first fall and the
        end of the falling lie the rates that are worth a try.
      </p>
      <RangeTest />
      <p>
        The test is careful. It reads the highest rate off a run that has hardly begun, with momentum 0.9
        already in it. A schedule that comes down again may begin higher: one cycle at 0.3 does well here.
      </p>
      <Aside>
        Cyclic rates and the range test: L. N. Smith, Cyclical learning rates for training neural networks,
        arXiv 1506.01186. One cycle: Smith and Topin, Super-convergence, arXiv 1708.07120. Momentum: B. T.
        Polyak, 1964.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
