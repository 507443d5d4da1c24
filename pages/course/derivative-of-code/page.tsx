import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { CodeFigure } from "./code-figure.tsx";
import { best, digitsOf, scientific } from "./differences.ts";
import { CostTable, DifferencesFigure } from "./differences-figure.tsx";
import { notesErrors, state } from "./state.ts";
import { SwellFigure } from "./swell-figure.tsx";

const end = chapterEnd("derivative-of-code", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <CodeFigure />
      <Question />
      <Differences />
      <OneFormula />
      <LineByLine />
      <end.Place subject="A derivative">
        <p>
          In downhill, the derivative of a function is a function: <code>grad(f)</code>. The program compares
          it with a difference quotient. They agree to nine digits.
        </p>
      </end.Place>
    </>
  );
}

function Question(): JSX.Element {
  return (
    <>
      <h2>Code in, code out</h2>
      <p>
        The figure shows a small program. A line with a question mark is an input. Next to the program is its
        derivative, also as code. Drag an input, write another formula, or choose a program with a loop.
      </p>
      <p>
        A program that computes a number from other numbers is a function. Its derivative says how fast the
        result changes when an input changes. How can a computer find the derivative, if all that it has is
        the program?
      </p>
      <p>
        There are three ways. The third one is <strong>automatic differentiation</strong>, the subject of this
        course. It reads a program and writes a new one, which computes exact derivatives. “Exact” means: up
        to rounding.
      </p>
    </>
  );
}

function Differences(): JSX.Element {
  const central = best(notesErrors.h, notesErrors.central);
  const forward = best(notesErrors.h, notesErrors.forward);
  return (
    <>
      <h2>First way: difference quotients</h2>
      <p>
        You can estimate a derivative without reading the program. Run it at <M>x</M> and at <M>x + h</M>, and
        divide the difference of the results by <M>h</M>. This is the <strong>forward difference</strong>,{" "}
        <M>(f(x + h) - f(x)) / h</M>. The <strong>central difference</strong> uses one point on each side,{" "}
        <M>(f(x + h) - f(x - h)) / (2*h)</M>.
      </p>
      <p>
        With a smaller step, the curve bends less between the two points, and the estimate improves. But
        computers round numbers to about 16 digits. When two nearly equal numbers are subtracted, most of
        these digits cancel.
      </p>
      <Prediction
        question={
          <>
            The program above computes with 16 digits. With the best step <M>h</M>, how many digits of the
            derivative does the central difference get right?
          </>
        }
        guesses={[
          {
            words: "all 16",
            answer: "Rounding errors always cost some digits, and they grow when the step shrinks.",
          },
          {
            words: "10 or 11",
            isRight: true,
            answer: "At this point, the error from the bend and the error from rounding are equal.",
          },
          { words: "5 or fewer", answer: "A well-chosen step gives more digits." },
        ]}
        figures={
          <>
            <p>
              The error as a function of the step has the shape of a V. On the right, the step is too long.
              There, a tenth of the step makes the error of the forward difference ten times smaller, and that
              of the central difference a hundred times. On the left, rounding dominates, and each tenth costs
              a digit. The lowest error is in between, and it is not 0.
            </p>
            <DifferencesFigure />
          </>
        }
      >
        <p>
          For this program, the best central difference has an error of <M>{scientific(central.error, 1)}</M>,
          at <M>{`h = ${scientific(central.h, 0)}`}</M>. These are {digitsOf(central.error)} correct digits.
          The best forward difference has an error of <M>{scientific(forward.error, 1)}</M>, at{" "}
          <M>{`h = ${scientific(forward.h, 0)}`}</M>.
        </p>
      </Prediction>
      <p>
        Difference quotients have a second drawback. Every input needs its own runs of the program. A gradient
        in a thousand inputs costs a thousand runs. The table counts them for the program above.
      </p>
      <CostTable />
    </>
  );
}

function OneFormula(): JSX.Element {
  return (
    <>
      <h2>Second way: one formula</h2>
      <p>
        At school you write the function as one formula, and apply the sum rule, the product rule and the
        chain rule. This is <strong>symbolic differentiation</strong>. It is exact. But a single formula
        cannot give a name to a value that it uses twice. It repeats the whole expression. The product rule
        copies both factors, so the derivative is longer still.
      </p>
      <p>
        Insert a formula into itself: <M>x</M>, <M>g(x)</M>, <M>g(g(x))</M>, … A program with a loop does the
        same. Watch how the size of the derivative grows.
      </p>
      <SwellFigure />
    </>
  );
}

function LineByLine(): JSX.Element {
  return (
    <>
      <h2>Third way: line by line</h2>
      <p>
        Automatic differentiation applies the rules from school to one line of the program at a time, and
        keeps the names. Each line gets one more line, for its derivative. A value that the program computes
        once is computed once in the derivative, too. So the derivative is longer than the program by a small
        factor. This is the flat curve in the figure.
      </p>
      <p>
        Each rule is exact, so the result is exact. There is no step <M>h</M> to choose.
      </p>
      <Aside>
        Loops and branches are no obstacle. A run of a program is a list of lines. The derivative runs through
        the same loops and takes the same branches. Try “TypeScript with a loop” in the first figure.
      </Aside>
    </>
  );
}

export const page: LivePage = { state, Body, prerender: end.load, program: end.program };
