import { computed } from "@preact/signals";
import type { JSX } from "preact";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { numberFrom, pageState } from "../../live/address.ts";
import { Drag, shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { ProgramPart } from "../program-part.tsx";
import { fitPoints, measurements, truth } from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const count = state.number("n", 12, { min: 4, max: 40, step: 1 });
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
/** Heights that the reader gave to points, by index. */
const moved = state.value<ReadonlyMap<number, number>>("moved", new Map(), readMoved, writeMoved);
const drawn = computed(() => measurements(Math.round(count.value), Math.round(seed.value)));
const points = computed((): readonly Point[] =>
  drawn.value.map(([t, y], i) => [t!, moved.value.get(i) ?? y!]),
);
const fit = computed(() => fitPoints(points.value));

function readMoved(text: string): ReadonlyMap<number, number> {
  if (text === "") return new Map();
  return new Map(
    text.split(",").map((part) => part.split(":").map((number) => numberFrom(number)) as [number, number]),
  );
}

function writeMoved(map: ReadonlyMap<number, number>): string {
  return [...map].map(([i, y]) => `${i}:${y}`).join(",");
}

const span = { x: [0, 8], y: [-1, 7] } as const;

function FitFigure(): JSX.Element {
  const { grid, curve, low, high, values, errors, rSquared, undetermined } = fit.value;
  return (
    <Figure
      id="fit"
      title="y = a·exp(−k·t) + c, fitted to what you see"
      caption="Drag a point up or down, or reach it by Tab and move it by the arrow keys. The line is the fit; the band holds the true curve with 95 % confidence, if errors are normal and the model is right."
      state={{ page: state, keys: ["n", "seed", "moved"] }}
    >
      <p>
        <Drag value={count} label="measurements" min={4} max={40} step={1} /> measurements, set{" "}
        <Drag value={seed} label="set of errors" min={1} max={99} step={1} /> of errors.
      </p>
      <Plane
        label={`${points.value.length} measurements with the fitted curve and its band`}
        {...span}
        axes={["time t", "y"]}
        aspect={0.6}
        handles={points.value.map(([t, y], i) => ({
          label: `measurement ${i + 1}`,
          at: [t!, y!],
          move: ([, to]) => {
            moved.value = new Map([...moved.value, [i, Number(to!.toFixed(3))]]);
          },
        }))}
      >
        {({ band, line }) => (
          <g class="run-0">
            <path class="band" d={band(grid, low, high)} />
            <path class="thick" d={line(grid, curve)} />
          </g>
        )}
      </Plane>
      <div class="scroll" role="group" tabIndex={0} aria-label="Parameters of the fit">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">parameter</th>
              <th scope="col">fitted</th>
              <th scope="col">standard error</th>
              <th scope="col">drawn from</th>
            </tr>
          </thead>
          <tbody>
            {(["a", "k", "c"] as const).map((name) => (
              <tr>
                <th scope="row">
                  <M>{name}</M>
                </th>
                <td>{shortNumber(values[name])}</td>
                <td>{undetermined.includes(name) ? "the points do not tell" : shortNumber(errors[name])}</td>
                <td>{truth[name]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="finding">
        R² = {rSquared.toFixed(4)}. The correlation of <M>k</M> and <M>c</M> is{" "}
        {shortNumber(fit.value.correlation[1]![2]!)}: what one of them explains, the other may explain too.
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        An experiment gives points; a model says which curve they should lie on, up to a few unknown numbers.
        A fit finds the numbers. What people often leave out is how well it knows them.
      </p>
      <FitFigure />
      <p>
        Try to pull the last points up: <M>c</M> follows them at once, and <M>k</M> pays for it. Take away
        measurements until four are left: three parameters with four points have one degree of freedom, and
        the band opens wide.
      </p>
      <p>
        The derivatives of the curve by its parameters, one row a point, are the Jacobian <M>J</M>. Least
        squares steps along them; at the end <M>s²(JᵀJ)⁻¹</M> is the covariance of the parameters, and the
        band is what the same derivatives make of it at each <M>t</M>. The library computes them exactly, from
        the function alone: there is no formula for the derivative in this page.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          No start values are given: <code>fitCurve</code> looks for them, and follows several to the end.
        </p>
      </ProgramPart>
      <p>
        The band is that of a linear picture of the model around the fit. With few points and large errors the
        true region is bent, and standard errors are too small.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
