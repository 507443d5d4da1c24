import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { ChapterEnd } from "../chapter-end.tsx";
import { CostsFigure } from "./costs-figure.tsx";
import { exercises } from "./exercises.ts";
import { LoopFigure } from "./loop-figure.tsx";
import { MemoryFigure } from "./memory-figure.tsx";
import { modeCosts } from "./modes.ts";
import { printed, program } from "./program.ts";
import { mostNumbers, prepare, state } from "./state.ts";
import { WaysFigure } from "./ways-figure.tsx";

/** Subject of the prediction: many inputs, one result. */
export const manyInputs = modeCosts(mostNumbers, 1);

function Body(): JSX.Element {
  return (
    <>
      <Back />
      <Cost />
      <Memory />
      <Loops />
      <ChapterEnd chapter="reverse-mode" subject="Reverse mode" exercises={exercises} program={program} printed={printed}>
        <p>
          <code>vjp</code> runs a function and gives its way back as a function, <code>grad</code> starts it
          with 1. A loop with <code>checkpoint: true</code> goes back in segments of the square root of its
          length, and gives the same number.
        </p>
      </ChapterEnd>
    </>
  );
}

function Back(): JSX.Element {
  return (
    <>
      <p>
        Forward mode asks: if this input moves, what moves with it? Reverse mode turns the question around. It
        stands at the result and asks of every value:{" "}
        <strong>if you moved, how much would the result move?</strong> That number is called the value’s{" "}
        <strong>adjoint</strong>, written <M>∂s/∂a</M> for a value <M>a</M> and the result <M>s</M>.
      </p>
      <h2>Walking back</h2>
      <p>
        The result’s own adjoint is 1. Now walk back. The last line is <M>z = a + b</M>: a change of <M>a</M>{" "}
        is worth as much as one of <M>z</M>, so <M>a</M> gets the adjoint of <M>z</M>, and so does <M>b</M>.
        The line before is <M>b = sin(x)</M>: a change of <M>x</M> is worth <M>cos(x)</M> times as much as one
        of <M>b</M>.
      </p>
      <p>
        A value that is read by several lines gets a contribution from each: they are added. In the graph of
        the last chapter this is a sum over paths again, taken from the other end.
      </p>
      <p>
        There is one catch. The way back needs values of the way forward: <M>cos(x)</M> for the sine, both
        factors for the product. They must be <strong>kept</strong>. Step through it, and watch what is kept
        where, and when it is used.
      </p>
      <WaysFigure />
      <p>
        One walk back visits every line once and gives the derivative in <em>every</em> input. That is the
        whole point.
      </p>
    </>
  );
}

function Cost(): JSX.Element {
  const ratio = manyInputs.reverse / manyInputs.value;
  return (
    <>
      <h2>What it costs</h2>
      <Prediction
        question={
          <>
            A function has {mostNumbers} inputs and one result. Its value takes {manyInputs.value} operations.
            How many operations take its value and all {mostNumbers} derivatives together, by reverse mode?
          </>
        }
        guesses={[
          {
            words: `about ${mostNumbers} times as many`,
            answer: "That would be one pass for each input, as forward mode needs them.",
          },
          {
            words: "two or three times as many",
            isRight: true,
            answer: "Each line has one companion for each of its operands, and no line has many operands.",
          },
          { words: "as many", answer: "The way back is not free: every line has its companions there." },
        ]}
        figures={
          <>
            <p>
              A forward pass answers for one input, a reverse pass for one output. So count both. Move the
              sliders: with many inputs and one output, as in all of machine learning, reverse mode wins by
              the number of inputs. With one input and many outputs it is the other way round.
            </p>
            <CostsFigure />
          </>
        }
      >
        <p>
          Counted: {manyInputs.reverse} operations, {ratio.toFixed(1)} times as many as the value alone. With
          a million inputs the factor is the same. Forward mode takes{" "}
          {manyInputs.forward.toLocaleString("en")}.
        </p>
      </Prediction>
    </>
  );
}

function Memory(): JSX.Element {
  return (
    <>
      <h2>What it keeps</h2>
      <p>
        Forward mode forgets as it goes. Reverse mode cannot begin before the program has ended, and by then
        it wants to know what happened in between. A loop of a million steps keeps a million numbers or more.
        This is why the training of networks runs out of memory.
      </p>
      <p>
        But what was forgotten can be computed again. Cut the loop into segments, and keep only the value at
        the beginning of each: a <strong>checkpoint</strong>. On the way back run one segment again, keeping
        its values, go back through it, and forget them. The price is one more run of the loop.
      </p>
      <MemoryFigure />
      <p>
        Few long segments keep few checkpoints, but a long segment; many short ones the reverse. Between them
        lies the best length: the square root of the number of steps. So a million steps go back with two
        thousand numbers.
      </p>
    </>
  );
}

function Loops(): JSX.Element {
  return (
    <>
      <h2>Loops, as people write them</h2>
      <p>
        Ordinary code does not name every value. It has variables that change, loops, branches. Its derivative
        need not unroll them: the way back is a loop that runs the other way. Change the number of iterations
        in the code below. The gradient’s code stays as long as it is.
      </p>
      <LoopFigure />
      <Aside>
        A variable that changes is a new value each time it is assigned. The way back meets them in reverse
        order, so it needs the old ones: they are kept in an array, or computed again if that is cheaper.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body, prepare };
