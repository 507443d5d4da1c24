import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { ArrowsFigure } from "./arrows-figure.tsx";
import { PassFigure } from "./pass-figure.tsx";
import { own, state } from "./state.ts";

const end = chapterEnd("forward-mode", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <PassFigure />
      <Lines />
      <Duals />
      <Passes />
      <end.Place subject="Forward mode">
        <p>
          In downhill, <code>jvp</code> is one forward pass. Its arguments are a function, a point and a
          direction. It returns the value and the derivative along the direction.
        </p>
      </end.Place>
    </>
  );
}

function Lines(): JSX.Element {
  return (
    <>
      <h2>Line by line</h2>
      <p>
        Suppose that the inputs start to move. Let <M>dx</M> be the speed of <M>x</M>, and <M>dy</M> the speed
        of <M>y</M>. These numbers are called <strong>differentials</strong>. Together they form a{" "}
        <strong>direction</strong>. The question is how fast the result moves.
      </p>
      <p>
        Look at the first line of the program, <M>a = x * y</M>. If only <M>x</M> moves, <M>a</M> moves{" "}
        <M>y</M> times as fast. If only <M>y</M> moves, <M>a</M> moves <M>x</M> times as fast. If both move,
        the two effects add up: <M>da = dx * y + x * dy</M>.
      </p>
      <p>
        Every line has such a second line for its differential. It follows from the one operation in the line.
        The program and the new lines run together, from top to bottom. The last one computes the differential
        of the result. This is <strong>forward mode</strong>. Step through it in the figure above, and change
        the direction with the dial.
      </p>
    </>
  );
}

function Duals(): JSX.Element {
  return (
    <>
      <h2>A value with an arrow</h2>
      <p>
        A value and its differential always occur together. So write them as one object, <M>x + dx*ε</M>, a{" "}
        <strong>dual number</strong>. Compute with it as with any sum, and set <M>ε*ε</M> to 0. The reason: if
        a step is small, its square is much smaller.
      </p>
      <p>
        Multiply two dual numbers. The product <M>(x + dx*ε) * (y + dy*ε)</M> is <M>x*y + (dx*y + x*dy)*ε</M>.
        The factor of <M>ε</M> is the product rule, although you did not use it. A program that computes with
        dual numbers instead of numbers computes its own derivative.
      </p>
      <p>
        In a drawing, a dual number is a point with an arrow. The arrow shows where the point will move. For
        small steps the arrow is accurate.
      </p>
      <ArrowsFigure />
    </>
  );
}

function Passes(): JSX.Element {
  const count = own.run.value.tape.inputs.length;
  return (
    <>
      <h2>The result of one pass</h2>
      <p>
        A forward pass computes one number, the derivative along one direction. If <M>dx</M> is 1 and all
        other differentials are 0, this number is the partial derivative in <M>x</M>, written <M>∂f/∂x</M>.
        The gradient consists of the partial derivatives in all inputs.
      </p>
      <Prediction
        question={
          <>
            A network has a million weights and one result, its loss. How many forward passes do you need for
            the derivatives of the loss in all weights?
          </>
        }
        guesses={[
          {
            words: "one",
            answer: "One pass covers one direction. A million weights have a million directions.",
          },
          {
            words: "a million",
            isRight: true,
            answer: "Each pass moves one weight, and gives no information about the others.",
          },
          {
            words: "two",
            answer: "Two passes cover two directions.",
          },
        ]}
      >
        <p>
          Your program above has {count} {count === 1 ? "number" : "numbers"} that can move, so its gradient
          takes {count === 1 ? "one pass" : `${count} passes`}. Each pass costs as much as a few runs of the
          program. A million passes are far too many. Chapter 4 presents the remedy.
        </p>
      </Prediction>
      <p>
        Forward mode is a good choice for few inputs and many results. An example is a whole trajectory that
        depends on one parameter. Forward mode stores nothing: it uses a differential and forgets it, like any
        other value.
      </p>
      <Aside>
        The differential of the result is linear in the direction. Twice the direction gives twice the
        differential, and the sum of two directions gives the sum of their differentials. Try{" "}
        <M>dx = 1, dy = 1</M> above, and compare it with each of the two alone.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
