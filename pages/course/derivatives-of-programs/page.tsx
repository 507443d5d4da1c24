import type { JSX } from "preact";
import { shareRun } from "../../live/figure-programs.ts";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { CodeFigure, PassesFigure, ScheduleFigure, TapeFigure } from "./figures.tsx";
import { own, prepare, state } from "./state.ts";

const end = chapterEnd("derivatives-of-programs", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <CodeFigure />
      <Compiled />
      <Tape />
      <Checkpoints />
      <Compiler />
      <end.Place subject="Derivatives of programs">
        <p>
          A ball is thrown, and the program returns its greatest height. The function has a loop of unknown
          length, a branch and assignments. The line <code>"use ad"</code> marks it for the compiler.
        </p>
      </end.Place>
    </>
  );
}

function Compiled(): JSX.Element {
  return (
    <section>
      <h2>A program in, a program out</h2>
      <p>
        Real programs have loops, branches and variables that change. The compiler of the library
        differentiates them as they are. The line <code>"use ad"</code> in a function asks for it. The
        compiler reads the text of the function and writes a second function, which computes the value and the
        gradient.
      </p>
      <p>Read the gradient of the loop in the figure. It has three parts:</p>
      <ol>
        <li>a loop that runs forward, as in the program, and saves values for later,</li>
        <li>the derivative of the result, which begins with 1,</li>
        <li>a loop that runs backward, uses the saved values, and adds up the derivatives of the inputs.</li>
      </ol>
      <p>
        Change the number of iterations from 6 to 1,000: the code of the gradient does not get longer. Then
        choose “a branch”. The gradient has the same branch, and follows it for the same values. A branch
        itself has no derivative. Where its condition changes, the derivative may jump.
      </p>
    </section>
  );
}

function Tape(): JSX.Element {
  return (
    <section>
      <h2>The tape</h2>
      <p>
        The backward pass needs values of the forward pass. In a loop, the variable that held such a value has
        been overwritten long ago. So the forward pass pushes the value onto a <em>tape</em> before the
        assignment, and the backward pass takes it from the top. The last value in is the first value out,
        which is the order that the backward pass needs.
      </p>
      <TapeFigure />
      <p>
        Not every value goes onto the tape. A sum has the local derivatives 1 and 1, so it needs no value. An
        index of a loop counts down as easily as it counts up. A value that is cheap to compute from others is
        computed again. Choosing what to save is one of the main tasks of the compiler.{" "}
        <a href="../your-loop/">How “use ad” differentiates your loop</a> shows its choices for loops of your
        own.
      </p>
    </section>
  );
}

function Checkpoints(): JSX.Element {
  return (
    <section>
      <h2>Checkpoints</h2>
      <p>
        A tape of a million iterations may not fit into memory. The remedy is to store a few values, the{" "}
        <em>checkpoints</em>, and to run parts of the loop again.
      </p>
      <Prediction
        question="A loop has 1,024 iterations. A schedule stores the beginning and the middle of the loop, then the middle of the later half, and so on. How many values are stored at once, at most?"
        guesses={[
          {
            words: "11",
            isRight: true,
            answer: "The loop can be halved ten times, and the beginning is stored as well.",
          },
          { words: "64", answer: "That is about the number for segments of the length √1,024 = 32." },
          { words: "512", answer: "A stored value is dropped as soon as the part after it is finished." },
        ]}
        figures={<ScheduleFigure />}
      >
        <p>
          Halving stores the logarithm of the number of iterations, and each forward step runs about half of
          the logarithm times. Segments of the length <M>√n</M> store about <M>2*√n</M> values, and run each
          step at most twice. Compare the three strategies in the figure.
        </p>
      </Prediction>
      <Aside>
        If the number of checkpoints is fixed, there is a best schedule, which is a little better than
        halving. Griewank and Walther published it in 2000 under the name Revolve.
      </Aside>
    </section>
  );
}

function Compiler(): JSX.Element {
  return (
    <section>
      <h2>What the compiler removes</h2>
      <p>
        Derivatives written by a rule contain waste: multiplications by 1, products that occur twice, values
        that no one reads. The compiler removes them in <em>passes</em>. Each pass rewrites the whole program
        to one that returns the same results.
      </p>
      <ul>
        <li>
          <em>Dead code elimination</em> removes equations whose result is not used.
        </li>
        <li>
          <em>Constant folding</em> computes what does not depend on inputs.
        </li>
        <li>
          <em>Simplification</em> replaces <M>1*x</M> and <M>x + 0</M> by <M>x</M>.
        </li>
        <li>
          <em>Common subexpression elimination</em> computes equal expressions once.
        </li>
        <li>
          <em>Fusion</em> puts several operations on arrays into one loop, so that they read the memory once.
        </li>
      </ul>
      <PassesFigure />
      <p>
        In the end, the remaining operations become machine code: here WebAssembly, which your browser
        translates for your processor. Compare the number of operations below the first figure: value and
        gradient together cost a few times the value alone.
      </p>
    </section>
  );
}

export const page: LivePage = {
  state,
  Body,
  prepare,
  prerender: end.load,
  program: shareRun(() => own.run.value).program,
};
