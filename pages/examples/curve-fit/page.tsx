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
      caption="Drag a point up or down, or reach it by Tab and move it with the arrow keys. The line is the fit. The band contains the true curve with 95 % confidence, if the errors are normal and the model is right."
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
        An experiment yields points, and a model describes the curve that they should follow, up to a few
        unknown parameters. A fit finds the parameters, and also reports how accurate they are.
      </p>
      <FitFigure />
      <p>
        Pull the last points up. <M>c</M> follows them immediately, and <M>k</M> changes with it. Remove
        measurements until four are left. Three parameters and four points leave one degree of freedom, and
        the band becomes wide.
      </p>
      <p>
        The derivatives of the curve in its parameters, one row per point, are the Jacobian <M>J</M>. The
        least-squares method uses it for its steps. At the minimum, <M>s²(JᵀJ)⁻¹</M> is the covariance of the
        parameters, and the same derivatives turn it into the band at each <M>t</M>. The library computes them
        exactly from the function. This page contains no formula for a derivative.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The program has no start values. <code>fitCurve</code> searches for several, and runs a fit from
          each.
        </p>
      </ProgramPart>
      <p>
        The band is based on a linear model around the fit. With few points and large errors the true region
        is curved, and the standard errors are too small.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
