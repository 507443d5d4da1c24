import type { JSX } from "preact";
import { pageState } from "../../live/address.ts";
import type { LivePage } from "../../live/page.tsx";
import { section } from "../contents.ts";
import { puzzleLinks } from "../lab/titles.ts";

/** Prerequisites of each chapter: chapters by their number, and mathematics. */
const needs: Readonly<Record<string, string>> = {
  "derivative-of-code": "derivatives of powers, sin and exp",
  "forward-mode": "chapter 1; the chain rule and the product rule",
  "dependency-graph": "chapter 2",
  "reverse-mode": "chapter 3",
  "gradient-descent": "chapter 1; the gradient of a function of two variables",
  batches: "chapter 5; mean and standard deviation",
  landscapes: "chapter 5",
  "momentum-and-schedules": "chapter 5",
  "adaptive-methods": "chapter 8",
  "a-real-network": "chapters 4, 6 and 9; products of matrices and vectors",
  curvature: "chapters 4 and 5; systems of linear equations, eigenvalues",
  "derivatives-of-programs": "chapter 4",
};

function Body(): JSX.Element {
  const total = section.pages.reduce((sum, { minutes = 0 }) => sum + minutes, 0);
  return (
    <>
      <p>
        The course suits a first course on machine learning, numerical mathematics or compilers, from the last
        year of school on. Learners need a browser, and nothing else: no account, no installation, no server.
        All computations and all code run on the learner’s machine.
      </p>
      <h2>Order and time</h2>
      <p>
        The times include the exercises and the puzzles, for a learner who sees the subject for the first
        time. The whole course takes about {Math.round(total / 60)} hours.
      </p>
      <table class="plain chapters" aria-label="Chapters, with their times and prerequisites">
        <thead>
          <tr>
            <th scope="col">Chapter</th>
            <th scope="col">Minutes</th>
            <th scope="col">Puzzles</th>
            <th scope="col" class="needs">
              Prerequisites
            </th>
          </tr>
        </thead>
        <tbody>
          {section.pages.map(({ slug, title, minutes }, i) => (
            <tr>
              <th scope="row">
                {`${i + 1}. `}
                <a href={`../${slug}/`}>{title}</a>
                <span class="needs-line">needs {needs[slug]}</span>
              </th>
              <td>{minutes}</td>
              <td>{puzzleLinks[slug]!.length}</td>
              <td class="needs">{needs[slug]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>Three shorter selections also work:</p>
      <ul>
        <li>Automatic differentiation: chapters 1 to 4 and 12.</li>
        <li>Optimisation: chapters 1, 5, 7, 8, 9 and 11.</li>
        <li>One lesson of 45 minutes: the first figure and the first two puzzles of chapters 1, 2 and 5.</li>
      </ul>
      <h2>In class</h2>
      <p>
        Every chapter opens with a figure that learners can change. Questions marked “Predict first” hide the
        answer: collect guesses before you reveal it. An exercise has new numbers after each “Another one”, so
        that neighbours can work on different numbers.
      </p>
      <p>
        A puzzle asks for code. The checks compare the code with difference quotients, with the library, or
        with the result of a run, and say what is different. Each puzzle has three hints and a solution. A
        loop without an end is stopped after eight seconds.
      </p>
      <p>
        Learners can send you their result: “Your results” has a link that shows the solved puzzles and
        contains neither a name nor code. It is not a proof, because anybody can write such a link.
      </p>
      <h2>Without a network</h2>
      <p>
        The package contains the course. <code>npx downhill learn</code> serves it on the learner’s machine.
      </p>
      <h2>Licence</h2>
      <p>
        The course, its figures and its puzzles are under the MIT licence, like the rest of downhill. You may
        use, change and distribute them, also in paid courses. Keep the copyright notice and the text of the
        licence with copies of substantial parts.
      </p>
    </>
  );
}

export const page: LivePage = { state: pageState(), Body };
