import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { Noise, SumAndMean, ThreeWays } from "./figures.tsx";
import { Augmentation, ByTime, Throughputs } from "./measured.tsx";
import { state } from "./state.ts";

const end = chapterEnd("batches", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <Parts />
      <Scatter />
      <Conventions />
      <Costs />
      <MoreData />
      <end.Place subject="Batches">
        <p>
          A data set shuffles and cuts itself into batches; a step is compiled once and called for each of
          them. The line is <M>y = 2*x + 1</M>, and this time there is no noise in the data.
        </p>
      </end.Place>
    </>
  );
}

function Parts(): JSX.Element {
  return (
    <section>
      <h2>A sum over items</h2>
      <p>
        What is learned from data is a sum. Each item, say a point that a line should pass near, has a loss of
        its own, and the loss of the whole is their sum or their mean. Its gradient is the sum or mean of the
        gradients of all items. With a million items, one step costs a million gradients.
      </p>
      <p>
        But the mean of a few items, drawn at random, is a guess at the mean of all. <em>Gradient descent</em>{" "}
        looks at all items before each step. <em>Stochastic gradient descent</em>, SGD, looks at one.{" "}
        <em>Mini-batches</em> are in between. A pass through all items is an <em>epoch</em>, however many
        steps it takes.
      </p>
      <p>
        Play the three runs beside each other. First so that each has looked at as many items, which is what
        they cost. Then so that each has made as many steps.
      </p>
      <ThreeWays />
      <p>
        By items, the small batches are far ahead: they have made more steps. By steps, there is little
        between the three at first, and all items make the smoothest path. Near the best line the order turns
        round. SGD does not settle: each single item pulls the line its own way, and the rate decides how far.
      </p>
      <p>
        Drag the rate up. SGD is the first to diverge, though its gradients are right on average: one item far
        out is steeper than the mean of all.
      </p>
    </section>
  );
}

function Scatter(): JSX.Element {
  return (
    <section>
      <h2>How wrong a guess is</h2>
      <Prediction
        question="A batch's gradient is off by some length, on average. How many times as many items does a batch need to be off by half as much?"
        guesses={[
          {
            words: "twice as many",
            answer: "Twice as many items halve the variance, which is the square of the error.",
          },
          {
            words: "four times as many",
            isRight: true,
            answer: "The variance falls as 1/b, so the error as 1/√b.",
          },
          { words: "sixteen times as many", answer: "That quarters the error." },
        ]}
        figures={
          <>
            <Noise />
            <p>
              Far from the minimum the gradient of all items is long, and a few items know the way. At the
              best line it is 0, and each batch's gradient is nothing but noise. This is why small batches run
              at first and then tremble, and why rates are lowered towards the end.
            </p>
          </>
        }
      >
        <p>
          For a batch of <M>b</M> items, the mean of <M>‖g_b − g‖²</M> is <M>σ²/b</M>: the variance of one
          item divided by their number. Four times the work buys half the error, and the next half costs four
          times as much again.
        </p>
      </Prediction>
    </section>
  );
}

function Conventions(): JSX.Element {
  return (
    <section>
      <h2>The sum or the mean</h2>
      <p>
        Many texts write the loss of a batch as a sum. PyTorch and most libraries take the mean. The gradient
        of the sum is <M>b</M> times as long, so a rate from one does not serve the other. With <M>η</M> for
        the sum and <M>η*b</M> for the mean, the steps are the same.
      </p>
      <p>
        Change the batch size below. Then take the translation away and change it again: with one rate for
        both, only the mean takes steps of the same length for every size.
      </p>
      <SumAndMean />
    </section>
  );
}

function Costs(): JSX.Element {
  return (
    <section>
      <h2>By the clock</h2>
      <p>
        Items are not all that a step costs. A step has to be called, and loops over one item are too short
        for a processor to do several at once. What follows is measured on your machine, when you come to it:
        nothing of it stands in this page.
      </p>
      <ByTime />
      <p>
        Counted in epochs, single items learn fastest. Counted in seconds they lose much of their lead, for
        they look at fewer items a second. Batches of some dozens are near the best of both.
      </p>
      <Throughputs />
      <p>
        Throughput rises with the batch until the machine is busy. Memory rises too, for what the way back
        needs is kept for every item of the batch at once: that, and not time, often sets the largest size.
      </p>
    </section>
  );
}

function MoreData(): JSX.Element {
  return (
    <section>
      <h2>Endless data</h2>
      <p>
        A hundred images are soon learned by heart: their loss goes to 0, and that of other images does not.
        This gap is called overfitting. More data would close it. Where there are none, an image that is
        turned a little is still the same digit, and each batch can be changed anew: this is{" "}
        <em>augmentation</em>.
      </p>
      <Augmentation />
      <p>
        The changes must be ones that the world makes. On these images, moving by a whole pixel of eight is
        too much: the others that are asked about are all in the middle. Try it.
      </p>
      <Aside>
        Turned images are cheap, but no new digits. Augmentation narrows the gap between what is learned and
        what is not; it does not close it.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load };
