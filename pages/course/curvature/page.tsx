import type { JSX } from "preact";
import { Aside, M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Prediction } from "../../live/prediction.tsx";
import { chapterEnd } from "../chapter-end.tsx";
import { ConditionFigure, FitFigure, NewtonFigure, ProductFigure } from "./figures.tsx";
import { prepare, state } from "./state.ts";

const end = chapterEnd("curvature", () => import("./tasks.ts"));

function Body(): JSX.Element {
  return (
    <>
      <NewtonFigure />
      <Newton />
      <Condition />
      <Products />
      <Fits />
      <end.Place subject="Curvature">
        <p>
          The program computes a Hessian-vector product without a matrix. Then it minimises a function of 100
          numbers with three methods, and prints their iterations.
        </p>
      </end.Place>
    </>
  );
}

function Newton(): JSX.Element {
  return (
    <section>
      <h2>A parabola instead of a slope</h2>
      <p>
        Gradient descent knows the slope at a point. It does not know how soon the slope changes. Therefore it
        needs a learning rate from outside. The second derivative, the <em>curvature</em>, contains this
        information.
      </p>
      <p>
        Newton’s method replaces the function by the parabola that has the same value, slope and curvature at
        the point. It goes straight to the minimum of the parabola. With one input, the step is
      </p>
      <p class="formula">
        <M>x ← x − f'(x)/f''(x)</M>
      </p>
      <p>
        With several inputs, the slope is the gradient, and the curvature is the <em>Hessian</em> <M>H</M>,
        the matrix of all second derivatives. The step <M>d</M> solves the system <M>H*d = −∇f</M>.
      </p>
      <p>
        Choose “Narrow bowl” in the figure above. A bowl is its own parabola, so Newton’s method arrives in
        one step, however narrow the bowl is. Then choose “Not a parabola”. Near the minimum, each step
        doubles the number of correct digits. Far from it, the first step may go too far: move the start to
        the left or right edge.
      </p>
      <p>
        “Two minima” shows the weakness. Between the minima the curvature is negative along <M>x</M>, and
        Newton’s method goes to the saddle in the middle. It searches for a point where the gradient is 0, and
        a saddle is such a point. Practical methods check that each step goes downhill. L-BFGS, the second
        run, does.
      </p>
    </section>
  );
}

function Condition(): JSX.Element {
  return (
    <section>
      <h2>Conditioning</h2>
      <p>
        The ratio of the largest to the smallest curvature is the condition number <M>κ</M>. Gradient descent
        needs about <M>κ/2</M> iterations for each factor of <M>e</M> in accuracy. Momentum needs about{" "}
        <M>√κ/2</M>.
      </p>
      <Prediction
        question="A bowl has 40 unknowns. How many iterations do conjugate gradients need at most, if the computer makes no rounding errors?"
        guesses={[
          {
            words: "1",
            answer: "Newton’s method needs one iteration, but it solves a system with the whole Hessian.",
          },
          {
            words: "40",
            isRight: true,
            answer: "Each iteration finishes with one direction for good, and there are 40 directions.",
          },
          {
            words: "it depends on κ",
            answer: "For a good accuracy after few iterations κ counts. But 40 iterations are always enough.",
          },
        ]}
        figures={<ConditionFigure />}
      >
        <p>
          <em>Conjugate gradients</em> choose directions that do not disturb each other: a step along one of
          them leaves the slope along the earlier ones at 0. So after as many steps as there are unknowns,
          nothing is left to do. Rounding errors delay this a little when <M>κ</M> is large. Drag the slider.
        </p>
      </Prediction>
      <p>
        L-BFGS extends the idea to functions that are not bowls. It remembers the last few steps, and how the
        gradient changed over each of them. From these pairs it estimates the effect of the inverse Hessian.
        It stores a few vectors, and no matrix.
      </p>
    </section>
  );
}

function Products(): JSX.Element {
  return (
    <section>
      <h2>Products without the matrix</h2>
      <p>
        A function of a million inputs has a Hessian with <M>10¹²</M> entries. No computer stores them. But
        conjugate gradients never read an entry. They only need products of the Hessian with a vector <M>v</M>
        .
      </p>
      <p>
        Such a product is a derivative: the change of the gradient along <M>v</M>. So apply forward mode, in
        the direction <M>v</M>, to the program that computes the gradient by reverse mode. The cost is that of
        a few gradients, for any number of inputs.
      </p>
      <ProductFigure />
      <p>
        Move the slider. The last column stays nearly constant for the gradient and for the product. For the
        whole Hessian it grows in proportion to the number of inputs.
      </p>
    </section>
  );
}

function Fits(): JSX.Element {
  return (
    <section>
      <h2>Sums of squares</h2>
      <p>
        A fit minimises a sum of squares of <em>residuals</em>, the differences between a curve and the data.
        Let <M>r</M> be the residuals, and <M>J</M> their derivatives in the parameters, the Jacobian. The
        gradient is <M>Jᵀ*r</M>. The Hessian is <M>Jᵀ*J</M> plus a term with second derivatives. That term is
        small where the residuals are small.
      </p>
      <p>
        The <em>Gauss-Newton</em> method leaves it out. It solves <M>Jᵀ*J*d = −Jᵀ*r</M>. This needs first
        derivatives only, and <M>Jᵀ*J</M> has no negative curvature, so the step never aims at a saddle.
      </p>
      <FitFigure />
      <p>
        Move the start. Newton’s method is lost from many starts where Gauss-Newton arrives. Gradient descent
        is slow, since the valley of the misfit is narrow.
      </p>
      <Aside>
        From a bad start, Gauss-Newton may also go too far. The method of Levenberg and Marquardt adds a
        number to the diagonal of <M>Jᵀ*J</M>, which shortens the step, and adjusts this number during the
        run. It is the method that <code>leastSquares</code> of the library uses.
      </Aside>
    </section>
  );
}

export const page: LivePage = { state, Body, prepare, prerender: end.load, program: end.program };
