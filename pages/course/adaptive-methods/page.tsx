import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { LongRun, Memory, RareFeatures, RareLosses } from "./figures.tsx";
import { state } from "./state.ts";

const end = chapterEnd("adaptive-methods", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Remembering />
      <Rare />
      <Forgetting />
      <Wrong />
      <end.Place subject="Adaptive methods">
        <p>
          The three optimisers have one interface, so a loop over them compares them. This is the bowl of the
          first figure after 100 steps.
        </p>
      </end.Place>
    </>
  );
}

function Remembering(): JSX.Element {
  return (
    <section>
      <p>
        One rate for all is a compromise. In a ravine it is too high for the steep coordinate and too low for
        the flat one. Momentum eases this. Adaptive methods remove it: they give each coordinate a rate of its
        own, computed from what its gradients were.
      </p>
      <h2>A rate for each coordinate</h2>
      <p>
        <em>Adagrad</em> adds up the squares of all gradients of a coordinate, and divides each step by the
        root of that sum:
      </p>
      <p class="formula">
        <M>s ← s + g²</M>
        <br />
        <M>x ← x − η*g/√s</M>
      </p>
      <p>
        <em>RMSProp</em> keeps a running mean of the squares in place of the sum, so that old ones fade:{" "}
        <M>v ← α*v + (1 − α)*g²</M>. <em>Adam</em> divides in the same way, and takes a running mean of the
        gradients for <M>g</M>, which is momentum as a mean. Since both means begin at 0, Adam divides them by{" "}
        <M>1 − βᵗ</M> after <M>t</M> steps, which corrects them.
      </p>
      <p>
        Step through a run of each. Look at the first step: the gradient along <M>y</M> is many times that
        along <M>x</M>, and the steps are equally long.
      </p>
      <Memory />
      <p>
        Now drag the steepness. Adagrad's path does not change, though the landscape does. Each coordinate is
        divided by the size of its own gradients, so scaling a coordinate's gradient by 10 scales what it is
        divided by as well, and cancels.
      </p>
      <Aside>
        A small <M>ε</M> is added to the root, so that nothing is divided by 0. In this figure RMSProp has{" "}
        <M>α = 0.9</M>; its usual 0.99 remembers longer than the run is. Adam has its usual <M>β₁ = 0.9</M>{" "}
        and <M>β₂ = 0.999</M>.
      </Aside>
    </section>
  );
}

function Rare(): JSX.Element {
  return (
    <section>
      <h2>Rare features</h2>
      <p>
        What is that good for, when data can be scaled beforehand? For what is rare. The words of a text are
        the classic case: a few are everywhere, most are seldom. A weight learns only from items that have its
        feature. If it is in one item of 400, the weight gets four steps where others get 750.
      </p>
      <p>
        Each weight's truth is 1 here. Drag the rate of SGD up, to help the rare ones. Watch what becomes of
        the frequent ones.
      </p>
      <RareFeatures />
      <p>
        Adagrad's rates go the right way by themselves: high where there were few gradients, low where there
        were many. The best single rate leaves the rare weights half learnt.
      </p>
    </section>
  );
}

function Forgetting(): JSX.Element {
  return (
    <section>
      <h2>A memory that forgets</h2>
      <p>
        A sum of squares never falls. So Adagrad's rates never rise. After a steep beginning they stay small
        for ever, even where the landscape has become gentle.
      </p>
      <p>
        Here both methods come down a wall. Play the run, and look at the chart when RMSProp has forgotten the
        wall.
      </p>
      <LongRun />
      <p>
        RMSProp's steps become long again after some hundred steps. There is a price. At the minimum it
        divides small gradients by small gradients, and goes to and fro with steps of about half the rate or
        more. Adagrad, where it arrives, comes to rest. Try a rate of 1, play to the end, and compare their
        last steps.
      </p>
    </section>
  );
}

function Wrong(): JSX.Element {
  return (
    <section>
      <h2>Where forgetting goes wrong</h2>
      <p>
        Let the losses come in threes: <M>3*x</M>, then <M>−x</M>, then <M>−x</M>, over and over, with{" "}
        <M>x</M> between −1 and 1. Together three of them are <M>x</M>, so −1 is the best place and 1 the
        worst.
      </p>
      <Prediction
        question="Adam starts at 1, with a memory of squares that is short and a rate that falls as 1/√t. Where does it end?"
        guesses={[
          {
            words: "near −1",
            answer: "One would hope so: the problem is as simple as they come.",
          },
          {
            words: "near 0, undecided",
            answer: "The two kinds of steps do not cancel. One kind wins, and it is the wrong one.",
          },
          {
            words: "near 1",
            isRight: true,
            answer: "It goes to the worst place and stays there.",
          },
        ]}
        figures={
          <>
            <RareLosses />
            <p>
              The example is made up, yet what it shows is real: where rare gradients carry the information,
              as those of rare features do, a short memory throws it away. Adam's usual <M>β₂ = 0.999</M>{" "}
              remembers a thousand steps. That is one reason why it is so near to 1.
            </p>
          </>
        }
      >
        <p>
          When the large gradient comes, Adam divides it by its own size, so the step is about the rate. By
          the time of the two small ones the large square is forgotten: they are divided by their own size
          too, and each makes a step of about the rate. Two against one.
        </p>
        <p>
          <em>AMSGrad</em> divides by the largest mean square so far. Then the small gradients make small
          steps, the large one a large one, and the sum goes the right way.
        </p>
      </Prediction>
      <Aside>
        Adagrad: Duchi, Hazan and Singer, 2011. RMSProp: Tieleman and Hinton, 2012. Adam: Kingma and Ba, 2015.
        AMSGrad: Reddi, Kale and Kumar, 2018. On the command line,{" "}
        <code>downhill race --preset adam-diverges</code>, <code>long-run</code> and{" "}
        <code>sparse-features</code> show the same studies.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
