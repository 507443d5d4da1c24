import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { CostsFigure } from "./costs-figure.tsx";
import { LoopFigure } from "./loop-figure.tsx";
import { MemoryFigure } from "./memory-figure.tsx";
import { modeCosts } from "./modes.ts";
import { mostNumbers, prepare, state } from "./state.ts";
import { WaysFigure } from "./ways-figure.tsx";

/** Subject of the prediction: many inputs, one result. */
export const manyInputs = modeCosts(mostNumbers, 1);

const end = chapterEnd("reverse-mode", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <WaysFigure />
      <Back />
      <Cost />
      <Memory />
      <Loops />
      <end.Place subject="Reverse mode">
        <p>
          <code>vjp</code> runs a function, and returns the backward pass as a function. <code>grad</code>{" "}
          starts it with 1. With <code>checkpoint: true</code>, the backward pass of a loop works in segments.
          Their length is the square root of the number of steps. The result is equal.
        </p>
      </end.Place>
    </>
  );
}

function Back(): JSX.Element {
  return (
    <>
      <h2>The backward pass</h2>
      <p>
        Forward mode starts at an input and asks what moves with it. Reverse mode starts at the result and
        asks of every value: <strong>if this value moved, how much would the result move?</strong> The answer
        is the derivative of the result in this value. It is called the <strong>adjoint</strong> of the value,
        written <M>∂s/∂a</M> for a value <M>a</M>. The letter <M>s</M> stands for the result, here <M>z</M>.
      </p>
      <p>
        The adjoint of the result itself is 1. From there, visit the lines from last to first. The last line
        is <M>z = a + b</M>. If <M>a</M> moves, <M>z</M> moves by the same amount, so <M>a</M> gets the
        adjoint of <M>z</M>. So does <M>b</M>. The line before it is <M>b = sin(x)</M>. If <M>x</M> moves,{" "}
        <M>b</M> moves <M>cos(x)</M> times as fast. So <M>x</M> gets <M>cos(x)</M> times the adjoint of{" "}
        <M>b</M>.
      </p>
      <p>
        If several lines read a value, each of them contributes to its adjoint, and the contributions are
        added. This is again the sum over paths of the last chapter, collected from the other end.
      </p>
      <p>
        The backward pass needs values of the forward pass: <M>x</M> for <M>cos(x)</M>, and both factors of
        the product. They must be <strong>stored</strong>. The figure shows which values are stored, and when
        they are used.
      </p>
      <p>
        One backward pass visits every line once, and returns the derivatives in <em>all</em> inputs.
      </p>
    </>
  );
}

function Cost(): JSX.Element {
  const ratio = manyInputs.reverse / manyInputs.value;
  return (
    <>
      <h2>The cost</h2>
      <Prediction
        question={
          <>
            A function has {mostNumbers} inputs and one result. Its value takes {manyInputs.value} operations.
            How many operations do its value and all {mostNumbers} derivatives take together, with reverse
            mode?
          </>
        }
        guesses={[
          {
            words: `about ${mostNumbers} times the operations`,
            answer: "That is the cost of one forward pass for each input.",
          },
          {
            words: "two or three times the operations",
            isRight: true,
            answer:
              "Each line adds one line to the backward pass for each operand, and lines have few operands.",
          },
          {
            words: "the same number",
            answer: "The backward pass costs something, too: every line has its counterparts there.",
          },
        ]}
        figures={
          <>
            <p>
              A forward pass is needed for each input, a reverse pass for each output. Move the sliders. With
              many inputs and one output, reverse mode is cheaper, by a factor of about the number of inputs.
              This is the case in all of machine learning. With one input and many outputs, forward mode is
              cheaper.
            </p>
            <CostsFigure />
          </>
        }
      >
        <p>
          The library counts {manyInputs.reverse} operations, which is {ratio.toFixed(1)} times the value
          alone. The factor is the same for a million inputs. Forward mode takes{" "}
          {manyInputs.forward.toLocaleString("en")} operations.
        </p>
      </Prediction>
    </>
  );
}

function Memory(): JSX.Element {
  return (
    <>
      <h2>The memory</h2>
      <p>
        Forward mode stores nothing. Reverse mode starts when the program has ended, and then it needs values
        from the whole run. A loop of a million steps stores a million values or more. For this reason,
        training a network can exhaust the memory.
      </p>
      <p>
        But a forgotten value can be computed again. Divide the loop into segments, and store only the value
        at the beginning of each segment. This value is called a <strong>checkpoint</strong>. On the backward
        pass, run one segment again and store its values. Go backward through it, and delete them. The price
        is one more run of the loop.
      </p>
      <MemoryFigure />
      <p>
        A few long segments have few checkpoints, but each segment stores many values. Many short segments
        have it the other way round. The best length is the square root of the number of steps. A loop of a
        million steps then needs to store two thousand values.
      </p>
    </>
  );
}

function Loops(): JSX.Element {
  return (
    <>
      <h2>Loops in ordinary code</h2>
      <p>
        Ordinary code does not give a name to every value. It has loops, branches, and variables that change.
        Its derivative does not need to unroll the loops: the backward pass of a loop is a loop in the other
        direction. Change the number of iterations in the figure. The code of the gradient does not get
        longer.
      </p>
      <LoopFigure />
      <Aside>
        Each assignment to a variable creates a new value. The backward pass needs the old values in reverse
        order. They are stored in an array, or computed again if that is cheaper. Chapter 12 has the details.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body, prepare, prerender: end.load, program: end.program };
