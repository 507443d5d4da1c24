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
      <ThreeWays />
      <Parts />
      <Scatter />
      <Conventions />
      <Costs />
      <MoreData />
      <end.Place subject="Batches">
        <p>
          The data set shuffles its items and cuts them into batches. The step is compiled once and called for
          each batch. The data are exactly on the line <M>y = 2*x + 1</M>.
        </p>
      </end.Place>
    </>
  );
}

function Parts(): JSX.Element {
  return (
    <section>
      <h2>A mean over items</h2>
      <p>
        A model learns from many items, for example points to which a line is fitted. Each item has a loss,
        and the total loss is the mean of these. Its gradient is the mean of the gradients of all items. With
        a million items, a single step needs a million gradients.
      </p>
      <p>
        The mean over a few random items is an estimate of the mean over all of them.{" "}
        <em>Gradient descent</em> uses all items for each step. <em>Stochastic gradient descent</em> (SGD)
        uses one item. <em>Mini-batches</em> are in between. One pass through all items is called an{" "}
        <em>epoch</em>, regardless of the number of steps.
      </p>
      <p>
        Compare the three runs in the figure above. The first setting gives each run the same number of items,
        which is a measure of the work. The second setting gives each run the same number of steps.
      </p>
      <p>
        With equal work, the small batches are far ahead, because they have made more steps. With equal steps,
        the three differ little at first, and the run with all items has the smoothest path. Near the best
        line the order is reversed. SGD does not settle, because each item pulls the line in its own
        direction. The learning rate determines how far.
      </p>
      <p>
        Increase the rate. SGD is the first to diverge, although its gradients are right on average. The
        reason: for a single item that is far out, the loss is steeper than the mean loss.
      </p>
    </section>
  );
}

function Scatter(): JSX.Element {
  return (
    <section>
      <h2>The error of an estimate</h2>
      <Prediction
        question="The gradient of a batch differs from the gradient of all items. By which factor must the batch grow to halve this error?"
        guesses={[
          {
            words: "by 2",
            answer: "This halves the variance, which is the square of the error.",
          },
          {
            words: "by 4",
            isRight: true,
            answer: "The variance is proportional to 1/b, so the error is proportional to 1/√b.",
          },
          {
            words: "by 16",
            answer: "This reduces the error to a quarter.",
          },
        ]}
        figures={
          <>
            <Noise />
            <p>
              Far from the minimum, the gradient of all items is large, and a few items are enough to find its
              direction. At the best line it is 0, so that the gradient of a batch consists of noise only.
              Therefore runs with small batches are fast at first and unsteady later, and the learning rate is
              lowered towards the end.
            </p>
          </>
        }
      >
        <p>
          For a batch of <M>b</M> items, the mean of <M>‖g_b − g‖²</M> is <M>σ²/b</M>: the variance of one
          item, divided by the number of items. Four times the work halves the error. Halving it again costs
          four times as much once more.
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
        Some texts define the loss of a batch as a sum. PyTorch and most libraries use the mean. The gradient
        of the sum is <M>b</M> times as long, so the two conventions need different rates. The steps are equal
        for the rate <M>η</M> with the sum and the rate <M>η*b</M> with the mean.
      </p>
      <p>
        Change the batch size in the figure. Then switch off the conversion of the rate, and change the size
        again. With one rate for both, only the mean has steps of the same length for every size.
      </p>
      <SumAndMean />
    </section>
  );
}

function Costs(): JSX.Element {
  return (
    <section>
      <h2>Time on your machine</h2>
      <p>
        The number of items does not determine the time of a step alone. Each step has a fixed cost, and a
        loop over one item is too short for the parallel units of a processor. The following figures measure
        times on your machine when they come into view.
      </p>
      <ByTime />
      <p>
        Per epoch, batches of one item learn fastest. Per second, they lose much of this advantage, because
        they process fewer items per second. Batches with some dozens of items are a good compromise.
      </p>
      <Throughputs />
      <p>
        The throughput increases with the batch size until the processor is busy. The memory increases as
        well, because the backward pass needs stored values for all items of the batch. Often the memory
        limits the batch size, and not the time.
      </p>
    </section>
  );
}

function MoreData(): JSX.Element {
  return (
    <section>
      <h2>More data</h2>
      <p>
        A network soon knows a hundred images by heart. Their loss goes to 0, but the loss of other images
        does not. This gap is called overfitting. More data would reduce it. If there are no more data, you
        can change the images: a digit that is slightly turned is still the same digit. Doing this anew for
        each batch is called <em>augmentation</em>.
      </p>
      <Augmentation />
      <p>
        The changes must be realistic. In these images of eight by eight pixels, a shift by one pixel is too
        much, because the digits of the test are all in the middle. Try it.
      </p>
      <Aside>
        A turned image costs nothing, but it is not a new digit. Augmentation makes the gap between training
        and test smaller. It does not close the gap.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
