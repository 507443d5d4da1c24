import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { Advice, Draw, Mistakes, Slice, Train } from "./figures.tsx";
import { HiddenUnits } from "./hidden-figure.tsx";
import { state } from "./state.ts";

const end = chapterEnd("a-real-network", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Train />
      <Network />
      <Units />
      <Looking />
      <Drawing />
      <Testing />
      <end.Place subject="A network for digits">
        <p>
          The library contains the data set. The program prints the first and the last loss, and the fraction
          of all digits that the network classifies correctly. It learns from all digits, so none is left for
          a test.
        </p>
      </end.Place>
    </>
  );
}

function Network(): JSX.Element {
  return (
    <section>
      <h2>The network</h2>
      <p>
        This chapter combines the previous ones. The loss of a network is a program with 2,410 inputs and one
        output. Reverse mode computes its gradient at the cost of a few evaluations. The training makes more
        than a thousand steps with such gradients.
      </p>
      <p>
        The data are 1,797 images of handwritten digits, with 8 by 8 pixels. The network has 64 pixels as
        input. Each of its 32 <em>hidden units</em> computes a weighted sum of the pixels, and replaces
        negative results by 0. Ten <em>scores</em>, one per digit, are weighted sums of the 32 results. The
        weights are the inputs that the training changes.
      </p>
      <p>
        The function <em>softmax</em> turns the scores into probabilities: each is <M>exp(s)</M>, divided by
        the sum of all ten. The <em>loss</em> of an image is <M>−log(p)</M>, where <M>p</M> is the probability
        of the right digit. A network that guesses at random has the loss <M>log(10) = 2.30</M>.
      </p>
      <p>
        Some of the digits are reserved for a test, and the network does not learn from them. A training with
        Adam starts when the figure above comes into view. Then choose SGD, and find a rate with which it is
        as good.
      </p>
      <p>
        The loss on the training digits keeps falling. The loss on the test digits stops falling and may rise,
        because the network becomes too sure of its answers. The fraction of correct answers hardly changes.
        The gap between the two losses is called <em>overfitting</em>.
      </p>
    </section>
  );
}

function Units(): JSX.Element {
  return (
    <section>
      <h2>The hidden units</h2>
      <p>
        A hidden unit has one weight for each pixel, so its weights form an image. Blue pixels increase its
        result, orange pixels decrease it. The result is large if the ink of a digit is on blue pixels. So
        each unit looks for a pattern: a stroke, a curve, an empty middle.
      </p>
      <p>
        Choose a digit. The units that respond to it stand out. Choose a unit to see which scores it raises
        and lowers. Before the training, the weights are random, and the images show no pattern.
      </p>
      <HiddenUnits />
      <p>
        No single unit stands for a digit. Each digit activates several units, and each unit takes part in
        several digits. The scores add up their votes.
      </p>
    </section>
  );
}

function Looking(): JSX.Element {
  return (
    <section>
      <h2>The landscape</h2>
      <p>
        A landscape over 2,410 numbers cannot be drawn, but a plane through it can. This plane contains the
        two directions in which the parameters of the epochs vary most.
      </p>
      <p>Play the training. Then train with another method, and compare the paths.</p>
      <Slice />
      <p>
        The path is a curve along which the loss falls, at first steeply, then slowly. Plateaus and local
        minima, which were an obstacle with two coordinates, do not stop this run. With so many directions,
        there is usually one that leads downhill.
      </p>
    </section>
  );
}

function Drawing(): JSX.Element {
  return (
    <section>
      <h2>Which pixels matter</h2>
      <p>
        Draw a digit with the mouse, a finger or the keyboard. The network answers after each stroke. Large
        digits in the middle are most similar to the data.
      </p>
      <p>
        The second picture shows which pixels matter. The score of a digit is a function of the 64 pixels. Its
        gradient says how the score changes with a little more ink at each pixel. Reverse mode computes it as
        in the training, but in the pixels instead of the weights.
      </p>
      <Draw />
      <p>
        Begin with a 3, and ask for the score of 8. The blue squares show where an 8 needs more ink. Add ink
        there.
      </p>
      <Mistakes />
      <p>
        People might make some of these mistakes, too. In other cases the network is very sure of a wrong
        answer. Softmax turns any scores into probabilities, and the training does not check whether they are
        justified.
      </p>
    </section>
  );
}

function Testing(): JSX.Element {
  return (
    <section>
      <h2>Common advice</h2>
      <p>Courses on optimisation often give three pieces of advice:</p>
      <ol>
        <li>Adam gives good results fast, with little tuning.</li>
        <li>SGD, with tuning and enough time, is equally good or better in the end.</li>
        <li>If a paper trains a similar network, begin with its settings.</li>
      </ol>
      <Prediction
        question="Compare four trainings: Adam with the settings of its paper; Adam with a tuned rate; SGD with a guessed rate of 0.01; SGD with momentum, one cycle and weight decay, all tuned. Which one is best on the test digits after 40 epochs?"
        guesses={[
          {
            words: "Adam as in its paper",
            answer:
              "It is far ahead of the guessed SGD at first, and good in the end. But it is not the best.",
          },
          {
            words: "Adam, tuned",
            answer: "It is fast, but another run overtakes it.",
          },
          {
            words: "SGD, guessed",
            answer: "It is by far the slowest, and has not finished after 40 epochs.",
          },
          {
            words: "SGD, tuned",
            isRight: true,
            answer: "It begins slowly, because its rate is low at first, and ends best.",
          },
        ]}
        figures={
          <>
            <Advice />
            <p>
              The settings of the paper on Adam were chosen in 2014 for other networks. With them, about four
              of five digits are right after five epochs, far more than with the guessed SGD, and without any
              tuning. This supports the first and the third piece of advice.
            </p>
            <p>
              Tuned SGD ends ahead by one to three percentage points. The tuning took a range test, a schedule
              as long as the run, and weight decay, which pulls weights towards 0. If you train once, Adam is
              a good choice. If you train a hundred times, tuning pays off.
            </p>
          </>
        }
      >
        <p>
          Train all four, which takes a few seconds. Then change the seed, and see which differences remain.
        </p>
      </Prediction>
      <Aside>
        The digits: E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0. On the
        command line, <code>downhill race --preset take-aways</code> makes the same comparison, and{" "}
        <code>downhill landscape digits</code> draws slices. Planes along a path: Li and others, Visualizing
        the loss landscape of neural nets, 2018.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
