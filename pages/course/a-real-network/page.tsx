import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { Advice, Draw, Mistakes, Slice, Train } from "./figures.tsx";
import { state } from "./state.ts";

const end = chapterEnd("a-real-network", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Network />
      <Looking />
      <Drawing />
      <Testing />
      <end.Place subject="A network for digits">
        <p>
          The data set is part of the library. The first and the last loss are printed, and the share of all
          digits that are right in the end: of those learned from, since none is kept back here.
        </p>
      </end.Place>
    </>
  );
}

function Network(): JSX.Element {
  return (
    <section>
      <p>
        Everything so far comes together here: a program with 2,410 inputs and one output, whose gradient
        costs a few evaluations by reverse mode, and a step that is made of it some thousand times.
      </p>
      <h2>The network</h2>
      <p>
        The data are handwritten digits, 1,797 images of 8 by 8 pixels. The network takes the 64 pixels and
        computes 32 numbers, the <em>neurons</em>: sums of the pixels with weights, negative ones set to 0.
        From these it computes ten <em>scores</em> in the same way, one for each digit. The weights are the
        inputs that are learned.
      </p>
      <p>
        Softmax turns scores into probabilities: each is <M>exp(s)</M> over the sum of all ten. The{" "}
        <em>loss</em> of an image is <M>−log(p)</M> for the probability <M>p</M> of the right digit. A network
        that knows nothing has <M>log(10) = 2.30</M>.
      </p>
      <p>
        Some of the digits are kept back, so that there is something to test with. A training with Adam begins
        by itself. Then take SGD, the same without a memory, and find a rate at which it does as well.
      </p>
      <Train />
      <p>
        The loss on the digits learned from goes on falling. That on the others stops, and may rise: the
        network becomes surer than it should be. The share that is right hardly minds. That gap is called{" "}
        <em>overfitting</em>.
      </p>
    </section>
  );
}

function Looking(): JSX.Element {
  return (
    <section>
      <h2>Its landscape</h2>
      <p>
        A landscape over 2,410 numbers cannot be drawn. A plane through it can. Of all planes this is the one
        that the training itself lay flattest in: its two directions are those in which the parameters of the
        epochs spread most.
      </p>
      <p>Play the training. Then train with another method, and compare the ways.</p>
      <Slice />
      <p>
        The way is a curve along which the loss falls, first steeply, then along a floor. Plateaus and local
        minima, which two coordinates showed so clearly, do not get in its way here. Among so many directions
        there is mostly one that leads down.
      </p>
    </section>
  );
}

function Drawing(): JSX.Element {
  return (
    <section>
      <h2>What it sees</h2>
      <p>
        Draw a digit, with the mouse, a finger, or the keyboard. The network is asked at every stroke. Large
        digits in the middle look most like those that it knows.
      </p>
      <p>
        The second picture asks what mattered. The score of a digit is a function of the 64 pixels, and its
        gradient says what a little more ink at each of them would do. It is the same reverse mode as in
        training, by the pixels in place of the weights.
      </p>
      <Draw />
      <p>
        Begin with a 3 and ask for the score of 8. The blue squares are where ink is missing for an 8. Put
        some there.
      </p>
      <Mistakes />
      <p>
        Some of its mistakes a person might make too. With others it is quite sure of nonsense. A probability
        is what softmax makes of scores; nothing in training asks whether it is deserved.
      </p>
    </section>
  );
}

function Testing(): JSX.Element {
  return (
    <section>
      <h2>The advice, put to the test</h2>
      <p>Courses on optimisation end with advice. Three pieces of it one meets again and again.</p>
      <ol>
        <li>Adam is quickly good, with hardly anything to tune.</li>
        <li>SGD that was tuned, and is given its time, is as good or better in the end.</li>
        <li>Where a paper trained what you train, begin with its settings.</li>
      </ol>
      <Prediction
        question="Four trainings: Adam with the settings of its paper; Adam with a tuned rate; SGD with a guessed rate of 0.01; SGD with momentum, one cycle and weight decay, all tuned. Which gets most of the digits right that were kept back, after 40 epochs?"
        guesses={[
          {
            words: "Adam as in its paper",
            answer: "It is far ahead of the guessed SGD early on, and good in the end. It is not the best.",
          },
          {
            words: "Adam, tuned",
            answer: "It is quick, and in the end it is overtaken.",
          },
          {
            words: "SGD, guessed",
            answer: "It is last by far early on, and still on its way after 40 epochs.",
          },
          {
            words: "SGD, tuned",
            isRight: true,
            answer: "It begins slowly, since its rate does, and ends best.",
          },
        ]}
        figures={
          <>
            <Advice />
            <p>
              With the settings of its paper, chosen in 2014 for other networks, Adam gets some four of five
              right after five epochs, far more than SGD with a guessed rate. Nobody tuned anything. That is
              the first piece of advice, and the third.
            </p>
            <p>
              Tuned SGD ends ahead, by a point or a few. It took a range test, a schedule as long as the run,
              and weight decay, which pulls weights towards 0. Where one trains once, the first row is a good
              bargain; where one trains something a hundred times, the last one is.
            </p>
          </>
        }
      >
        <p>Train all four and see. It takes a few seconds. Then change the seed and see what of it stays.</p>
      </Prediction>
      <Aside>
        The digits: E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0. On the
        command line, <code>downhill race --preset take-aways</code> is the same comparison, and{" "}
        <code>downhill landscape digits</code> draws slices. Planes along a path: Li and others, Visualizing
        the loss landscape of neural nets, 2018.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
