import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { ChapterEnd } from "../chapter-end.tsx";
import { ArrowsFigure } from "./arrows-figure.tsx";
import { exercises } from "./exercises.ts";
import { PassFigure } from "./pass-figure.tsx";
import { printed, program } from "./program.ts";
import { own, state } from "./state.ts";

function Body(): JSX.Element {
  return (
    <>
      <Lines />
      <Duals />
      <Passes />
      <ChapterEnd chapter="forward-mode" subject="Forward mode" exercises={exercises} program={program} printed={printed}>
        <p>
          In downhill one forward pass is <code>jvp</code>: a function, a point, a direction. It gives the
          value and the change along the direction.
        </p>
      </ChapterEnd>
    </>
  );
}

function Lines(): JSX.Element {
  return (
    <>
      <p>
        Suppose the inputs begin to move. We do not ask where they go, only how fast each of them sets out:{" "}
        <M>dx</M> for <M>x</M>, <M>dy</M> for <M>y</M>. These are their <strong>differentials</strong>.
        Together they are a <strong>direction</strong>.
      </p>
      <h2>Line by line</h2>
      <p>
        Now take the first line of the program, <M>a = x * y</M>. If <M>x</M> moves alone, <M>a</M> moves{" "}
        <M>y</M> times as fast. If <M>y</M> moves alone, <M>a</M> moves <M>x</M> times as fast. Both effects
        add up: <M>da = dx * y + x * dy</M>. That is all there is to know about this line.
      </p>
      <p>
        Every line has such a companion, made from the rule of its one operation. Run the companions in the
        order of the program, each right after its line. At the end stands the differential of the result.
        This is <strong>forward mode</strong>.
      </p>
      <PassFigure />
    </>
  );
}

function Duals(): JSX.Element {
  return (
    <>
      <h2>A value and its arrow</h2>
      <p>
        A value and its differential always travel together. So write them as one thing: <M>x + dx*ε</M>, a{" "}
        <strong>dual number</strong>. Compute with it as with any sum, and let <M>ε*ε</M> be 0: the square of
        a step that is small enough counts for nothing.
      </p>
      <p>
        Multiply two of them: <M>(x + dx*ε) * (y + dy*ε)</M> is <M>x*y + (dx*y + x*dy)*ε</M>. Before <M>ε</M>{" "}
        stands the product rule, and nobody put it there. Programs that compute with dual numbers in place of
        numbers differentiate themselves.
      </p>
      <p>
        Drawn, a dual number is a point with an arrow. The arrow tells where the point is going; for a small
        step it tells the truth.
      </p>
      <ArrowsFigure />
    </>
  );
}

function Passes(): JSX.Element {
  const count = own.run.value.tape.inputs.length;
  return (
    <>
      <h2>What one pass gives</h2>
      <p>
        A forward pass gives one number: the change along one direction. With <M>dx = 1</M> and all other
        differentials 0 that number is the partial derivative in <M>x</M>. The gradient has one such number
        for each input.
      </p>
      <Prediction
        question={
          <>
            A network has a million weights and one result, its loss. How many forward passes give the
            derivative of the loss in every weight?
          </>
        }
        guesses={[
          {
            words: "one",
            answer: "One pass answers for one direction. The weights are a million directions.",
          },
          {
            words: "a million",
            isRight: true,
            answer: "Each pass moves one weight, and learns nothing about the others.",
          },
          {
            words: "two",
            answer: "That would be one for the value and one for the change, along one direction only.",
          },
        ]}
      >
        <p>
          Your program above has {count} {count === 1 ? "number" : "numbers"} that can move, so its gradient
          takes {count === 1 ? "one pass" : `${count} passes`}. Each of them costs as much as a few runs of
          the program. For a million weights that is out of the question; the way out comes in chapter 4.
        </p>
      </Prediction>
      <p>
        Forward mode is the right tool where inputs are few and results many: how a whole trajectory changes
        with one parameter, say. It needs no memory: a line’s differential is used and forgotten like any
        other value.
      </p>
      <Aside>
        The change depends on the direction in the simplest way there is: twice the direction, twice the
        change; the sum of two directions, the sum of two changes. Try <M>dx = 1, dy = 1</M> above, and
        compare it with each alone.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body };
