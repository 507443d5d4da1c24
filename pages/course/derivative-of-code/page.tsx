import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { ChapterEnd } from "../chapter-end.tsx";
import { CodeFigure } from "./code-figure.tsx";
import { best, digitsOf } from "./differences.ts";
import { CostTable, DifferencesFigure } from "./differences-figure.tsx";
import { exercises } from "./exercises.ts";
import { printed, program } from "./program.ts";
import { notesErrors, state } from "./state.ts";
import { SwellFigure } from "./swell-figure.tsx";

function Body(): JSX.Element {
  return (
    <>
      <Question />
      <Differences />
      <OneFormula />
      <LineByLine />
      <End />
    </>
  );
}

function Question(): JSX.Element {
  return (
    <>
      <p>
        A program that computes a number from other numbers is a function. If it is made of smooth steps, it
        has a derivative: how fast its result changes when an input changes. The question of this course is
        how a machine finds that derivative when all it has is the program.
      </p>
      <p>
        The answer is another program. <strong>Automatic differentiation</strong> takes code and gives code:
        the code of the derivative, which runs on the same inputs and gives exact slopes, up to rounding.
      </p>
      <h2>Code in, code out</h2>
      <p>
        Below stands a small program. Lines with a question mark are inputs. Beside it stands its derivative.
        Drag an input, write another formula, or put in a function of TypeScript with a loop.
      </p>
      <CodeFigure />
    </>
  );
}

function Differences(): JSX.Element {
  const central = best(notesErrors.h, notesErrors.central);
  const forward = best(notesErrors.h, notesErrors.forward);
  return (
    <>
      <h2>The first idea: differences</h2>
      <p>
        One can find a slope without reading the program at all. Run it twice, at <M>x</M> and a little
        further, at <M>x + h</M>, and divide: <M>(f(x + h) - f(x)) / h</M>, the{" "}
        <strong>forward difference</strong>. A step to both sides, <M>(f(x + h) - f(x - h)) / (2*h)</M>, is
        the <strong>central difference</strong>.
      </p>
      <p>
        A smaller step gives a better slope, since the curve has less room to bend. But computers round: a
        number has about 16 digits, and the difference of two numbers that are nearly equal keeps only the
        last few of them.
      </p>
      <Prediction
        question={
          <>
            The program above computes with 16 digits. With the best step <M>h</M> that there is, how many
            digits of the derivative does the central difference get right?
          </>
        }
        guesses={[
          { words: "all 16", answer: "Rounding always takes its part: the smaller the step, the more." },
          {
            words: "10 or 11",
            isRight: true,
            answer: "The error of the curve’s bend and the error of rounding meet before that.",
          },
          { words: "5 or fewer", answer: "It is better than that, if the step is chosen well." },
        ]}
        figures={
          <>
            <p>
              Both errors over all steps make a V. On its right side the step is too long: a tenth of it makes
              the error of the forward difference ten times smaller, and of the central one a hundred times.
              On its left side rounding wins, and each tenth costs a digit. No step is good: the V has a
              bottom, and the bottom is not at 0.
            </p>
            <DifferencesFigure />
          </>
        }
      >
        <p>
          For this program the best central difference has an error of {central.error.toExponential(1)}, at{" "}
          <M>h</M> = {central.h.toExponential(0)}: {digitsOf(central.error)} digits. The best forward
          difference has {forward.error.toExponential(1)}, at <M>h</M> = {forward.h.toExponential(0)}.
        </p>
      </Prediction>
      <p>
        Differences have a second price. Each input needs runs of its own, so that a gradient of a thousand
        numbers costs a thousand runs. For the program above, counted:
      </p>
      <CostTable />
    </>
  );
}

function OneFormula(): JSX.Element {
  return (
    <>
      <h2>The second idea: one formula</h2>
      <p>
        School has another way. Write the function as one formula, and apply the rules: sum, product, chain.
        This is <strong>symbolic differentiation</strong>. It is exact. But a formula has no names for what
        comes up twice, and the product rule copies both factors. What a program computes once, its formula
        holds many times.
      </p>
      <p>
        Put a formula into itself: <M>x</M>, <M>g(x)</M>, <M>g(g(x))</M>, … A program with a loop does this
        all day. Watch the size of the derivative.
      </p>
      <SwellFigure />
    </>
  );
}

function LineByLine(): JSX.Element {
  return (
    <>
      <h2>The third idea: line by line</h2>
      <p>
        Automatic differentiation uses the same rules as school, but it applies them to one line at a time,
        and it keeps the names. Each line gets one line beside it. What was computed once stays computed once.
        So the derived code is longer than the program by a small factor, whatever the program does: the flat
        curve in the figure.
      </p>
      <p>
        And since each rule is exact, so is the result. There is no step <M>h</M> to choose.
      </p>
      <Aside>
        Loops and branches make no difference. A run of a program is a list of lines, however it came about;
        its derivative follows the same loops and takes the same branches. Try “TypeScript with a loop” above.
      </Aside>
    </>
  );
}

function End(): JSX.Element {
  return (
    <ChapterEnd chapter="derivative-of-code" subject="A derivative" exercises={exercises} program={program} printed={printed}>
      <p>
        In downhill the derivative of a function is a function: <code>grad(f)</code>. The difference below
        agrees with it to nine digits.
      </p>
    </ChapterEnd>
  );
}

export const page: LivePage = { state, Body };
