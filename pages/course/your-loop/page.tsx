import type { JSX } from "preact";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { CostTable, EmittedCode, LoopLab } from "./figure.tsx";
import { prepare, state } from "./state.ts";

function Body(): JSX.Element {
  return (
    <>
      <p>
        You write a loop, add the line <code>"use ad"</code>, and get its derivative. No tensor library
        records your operations at run time. A compiler reads the text of the function and writes a second
        function, which computes the value and the gradient. This page shows each stage for a loop that you
        can change.
      </p>
      <LoopLab />
      <Forward />
      <Saved />
      <h2>The code that comes out</h2>
      <p>
        The compiler does not unroll the loop. It writes one loop that runs forward and one that runs
        backward, so the code is as long for a million iterations as for six.
      </p>
      <EmittedCode />
      <Costs />
      <Further />
    </>
  );
}

function Forward(): JSX.Element {
  return (
    <section>
      <h2>Forward, then backward</h2>
      <p>
        The forward pass is your program. Each assignment also has local derivatives: how much its result
        changes if one of its operands changes. For <M>p = p + r*p*(1 - p)</M> these are{" "}
        <M>1 + r*(1 - 2*p)</M> for the old <M>p</M>, and <M>p*(1 - p)</M> for <M>r</M>.
      </p>
      <p>
        The backward pass starts at the result, whose derivative in itself is 1. It visits the assignments in
        the opposite order. Each one multiplies its derivative by its local derivatives and adds the products
        to its operands. At the end, the inputs have the derivatives of the result. That is the chain rule, in
        an order in which every assignment is visited once, for any number of inputs.
      </p>
    </section>
  );
}

function Saved(): JSX.Element {
  return (
    <section>
      <h2>The tape: values that must survive</h2>
      <p>
        A local derivative needs values of the forward pass. The variable <M>p</M> has a new value in each
        iteration, so the old one is gone when the backward pass arrives. The forward loop therefore saves it
        in an array, the tape.
      </p>
      <p>Try these changes, and watch the code and the costs below:</p>
      <ul>
        <li>
          Choose “a sum”. The local derivatives of a sum do not depend on the sum itself, so nothing is saved.
        </li>
        <li>
          Choose “a branch inside”. The backward pass must take the same branch, so the condition is saved or
          computed again.
        </li>
        <li>
          Choose “an open end”. The number of iterations is unknown, so the tape grows, and the backward loop
          counts the iterations that took place.
        </li>
        <li>Change 6 to 1,000 in “growth”. The tape has a thousand values. The code stays the same.</li>
      </ul>
    </section>
  );
}

function Costs(): JSX.Element {
  return (
    <section>
      <h2>What it costs</h2>
      <p>
        The gradient in all inputs costs a small multiple of the function itself. The multiple does not grow
        with the number of inputs. Memory is the price: a tape grows with the number of iterations.
      </p>
      <CostTable />
    </section>
  );
}

function Further(): JSX.Element {
  return (
    <section>
      <h2>Further</h2>
      <p>
        A tape of a long loop can be replaced by checkpoints, from which parts of the loop run again. The
        chapter <a href="../derivatives-of-programs/">Derivatives of programs</a> has a figure of the
        schedules, and shows how the compiler removes waste. <a href="../reverse-mode/">Reverse mode</a>{" "}
        derives the backward pass by hand.
      </p>
    </section>
  );
}

export const page: LivePage = { state, Body, prepare };
