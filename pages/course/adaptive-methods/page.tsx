import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { island } from "../../live/island.tsx";
import { LongRun, Memory, RareFeatures } from "./figures.tsx";
import { state } from "./state.ts";

/** The divergence of Adam, which becomes interactive after the other figures. */
const rareLosses = island(async () => (await import("./rare-losses.tsx")).RareLosses);
const end = chapterEnd("adaptive-methods", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Memory />
      <Remembering />
      <Rare />
      <Forgetting />
      <Wrong />
      <end.Place subject="Adaptive methods">
        <p>
          All optimisers have the same interface, so a loop can compare three of them. The program makes 100
          steps with each on the bowl of the first figure.
        </p>
      </end.Place>
    </>
  );
}

function Remembering(): JSX.Element {
  return (
    <section>
      <h2>A rate for each coordinate</h2>
      <p>
        A single learning rate is a compromise. In a ravine it is too high for the steep coordinate and too
        low for the flat one. Adaptive methods compute a separate rate for each coordinate, from the past
        gradients of this coordinate.
      </p>
      <p>
        <em>Adagrad</em> adds up the squares of all gradients of a coordinate. It divides each step by the
        square root of the sum:
      </p>
      <p class="formula">
        <M>s ← s + g²</M>
        <br />
        <M>x ← x − η*g/√s</M>
      </p>
      <p>
        <em>RMSProp</em> uses a running mean of the squares instead of the sum, so that old gradients lose
        their influence: <M>v ← α*v + (1 − α)*g²</M>. <em>Adam</em> divides in the same way. It also replaces
        the gradient by a running mean of the gradients, which is a form of momentum. Both means begin at 0,
        so they are too small at first. After <M>t</M> steps, Adam divides them by <M>1 − βᵗ</M> to correct
        this.
      </p>
      <p>
        Step through the runs in the figure above. Look at the first step. The gradient along <M>y</M> is many
        times as large as the gradient along <M>x</M>, but the steps in both directions are equally long.
      </p>
      <p>
        Now drag the steepness. The path of Adagrad stays the same, although the landscape changes. If all
        gradients of a coordinate are multiplied by 10, the root of their squares is multiplied by 10 as well,
        and the factor cancels.
      </p>
      <Aside>
        A small number <M>ε</M> is added to the root, so that the division by 0 is avoided. In this figure,
        RMSProp has <M>α = 0.9</M>, because the memory of the usual 0.99 is longer than the run. Adam has the
        usual <M>β₁ = 0.9</M> and <M>β₂ = 0.999</M>.
      </Aside>
    </section>
  );
}

function Rare(): JSX.Element {
  return (
    <section>
      <h2>Rare features</h2>
      <p>
        Data can be scaled beforehand. So why do you need adaptive rates? One reason is rare features. In a
        text, a few words are frequent, and most words are rare. A weight learns only from items that have its
        feature. If the feature occurs in one of 400 items, its weight gets four steps, while the weight of a
        frequent feature gets 750.
      </p>
      <p>
        In this figure, the true value of each weight is 1. Increase the rate of SGD to help the rare weights,
        and watch the frequent ones.
      </p>
      <RareFeatures />
      <p>
        Adagrad finds suitable rates without help: high rates for weights with few gradients, low rates for
        weights with many. With the best single rate, the rare weights get only half way to 1.
      </p>
    </section>
  );
}

function Forgetting(): JSX.Element {
  return (
    <section>
      <h2>A memory that fades</h2>
      <p>
        A sum of squares never gets smaller, so the rates of Adagrad never grow. After a steep beginning they
        stay small, even if the landscape has become flat.
      </p>
      <p>
        Here both methods start on a steep wall. Play the run, and find the moment in the chart at which
        RMSProp has forgotten the wall.
      </p>
      <LongRun />
      <p>
        The steps of RMSProp grow again after some hundred steps. The drawback shows at the minimum. There,
        RMSProp divides small gradients by small gradients, and keeps moving from side to side with steps of
        about half the rate. Adagrad comes to rest. Try a rate of 1, play to the end, and compare the last
        steps.
      </p>
    </section>
  );
}

function Wrong(): JSX.Element {
  return (
    <section>
      <h2>When forgetting fails</h2>
      <p>
        Suppose that the losses repeat in groups of three: <M>3*x</M>, then <M>−x</M>, then <M>−x</M>, with{" "}
        <M>x</M> between −1 and 1. The sum of the three is <M>x</M>, so −1 is the best value and 1 is the
        worst.
      </p>
      <Prediction
        question="Adam starts at 1, with a short memory of squares and a rate that falls like 1/√t. Where does it end?"
        guesses={[
          {
            words: "near −1",
            answer: "This would be the right answer to a very simple problem, but Adam misses it.",
          },
          {
            words: "near 0",
            answer: "The two kinds of steps do not cancel. One kind wins, and it is the wrong one.",
          },
          {
            words: "near 1",
            isRight: true,
            answer: "Adam stays at the worst value.",
          },
        ]}
        figures={
          <>
            <rareLosses.Place />
            <p>
              The example is artificial, but the effect is real. If rare gradients carry the information, a
              short memory loses it. With the usual <M>β₂ = 0.999</M>, Adam remembers about a thousand steps.
              This is one reason for a value so close to 1.
            </p>
          </>
        }
      >
        <p>
          When the large gradient arrives, Adam divides it by its own size, so the step is about as long as
          the rate. When the two small gradients arrive, the large square is forgotten. They are divided by
          their own size, too, and each makes a step of the same length. So two steps in the wrong direction
          follow one step in the right direction.
        </p>
        <p>
          <em>AMSGrad</em> divides by the largest mean square so far. Then small gradients make small steps,
          the large gradient makes a large step, and the sum has the right direction.
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

export const page: LivePage = {
  state,
  Body,
  prerender: async () => void (await Promise.all([end.load(), rareLosses.load()])),
  program: end.program,
};
