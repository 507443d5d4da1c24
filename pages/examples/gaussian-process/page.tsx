import { batch, computed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { numberFrom, pageState } from "../../live/address.ts";
import { gridMap, type MapBox } from "../../live/contour-map.ts";
import { Drag, shortNumber, Toggle } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { ProgramPart } from "../program-part.tsx";
import {
  fitKernel,
  type Kernel,
  likelihood,
  names,
  posterior,
  ranges,
  span,
  surpriseAt,
  twoValleys,
} from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const mostPoints = 20;
const points = state.value<readonly Point[]>(
  "points",
  [
    [0.6, -0.7],
    [1.2, -0.4],
    [1.9, 0.8],
    [2.5, 1],
    [3.2, 1.15],
    [4.1, -0.1],
    [7.2, -1.3],
    [7.9, -0.4],
    [8.8, 0.5],
  ],
  readPoints,
  (list) => list.map((point) => point.join(",")).join(";"),
);
const set = {
  length: state.number("length", 1, { min: ranges.length[0], max: ranges.length[1] }),
  size: state.number("size", 1, { min: ranges.size[0], max: ranges.size[1] }),
  noise: state.number("noise", 0.2, { min: ranges.noise[0], max: ranges.noise[1] }),
};
const isFitted = state.flag("fitted", true);
const draws = state.number("draws", 3, { min: 0, max: 8, step: 1 });
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
const keys = ["points", "length", "size", "noise", "fitted", "draws", "seed"];

const fit = computed(() => fitKernel(points.value));
const kernel = computed((): Kernel =>
  isFitted.value
    ? fit.value.kernel
    : { length: set.length.value, size: set.size.value, noise: set.noise.value },
);

/** Changes parameters of the kernel. The others keep their shown values. */
function setKernel(change: Partial<Kernel>): void {
  const next = { ...kernel.peek(), ...change };
  batch(() => {
    isFitted.value = false;
    for (const name of names) {
      const [low, high] = ranges[name];
      set[name].value = Math.min(high, Math.max(low, Number(next[name].toPrecision(4))));
    }
  });
}

function readPoints(text: string): readonly Point[] {
  const list = text.split(";").map((point) => point.split(",").map((number) => numberFrom(number)));
  if (list.some((point) => point.length !== 2)) throw new Error("a point must be two numbers");
  if (list.length > mostPoints) throw new Error(`there may be ${mostPoints} points`);
  return list;
}

function showTwoValleys(): void {
  batch(() => {
    points.value = twoValleys.points;
    setKernel(twoValleys.kernel);
  });
}

/** A kernel parameter as a number to drag. */
function KernelNumber({ name, label }: { readonly name: keyof Kernel; readonly label: string }): JSX.Element {
  const [min, max] = ranges[name];
  const value = {
    get value() {
      return kernel.value[name];
    },
    set value(to: number) {
      setKernel({ [name]: to });
    },
  };
  return <Drag value={value} label={label} min={min} max={max} step={0.02} />;
}

function ProcessFigure(): JSX.Element {
  const count = Math.round(draws.value);
  const { grid, mean, low, high, ...drawn } = posterior(points.value, kernel.value, {
    count: Math.max(1, count),
    seed: Math.round(seed.value),
  });
  const { misfit, volume, constant } = likelihood(points.value, kernel.value);
  return (
    <Figure
      id="process"
      title="What points say of a function"
      caption="Drag the points, or click to add one. The thick line is the mean, and the band extends two standard deviations to each side. Thin lines are functions drawn from the process."
      state={{ page: state, keys }}
    >
      <p>
        Length <KernelNumber name="length" label="length of the kernel" />, size{" "}
        <KernelNumber name="size" label="size of the kernel" />, errors of the points{" "}
        <KernelNumber name="noise" label="standard deviation of errors" />.{" "}
        <Drag value={draws} label="functions drawn" min={0} max={8} step={1} /> functions drawn, set{" "}
        <Drag value={seed} label="set of functions" min={1} max={99} step={1} />.
      </p>
      <div class="controls">
        <Toggle value={isFitted} label=" Keep the three numbers where the points are likeliest" />
        <button
          type="button"
          disabled={points.value.length < 3}
          onClick={() => (points.value = points.value.slice(0, -1))}
        >
          Take the last point away
        </button>
      </div>
      <Plane
        label={`${points.value.length} points with the mean of a Gaussian process and its band`}
        x={span.x}
        y={span.y}
        axes={["x", "y"]}
        aspect={0.6}
        handles={points.value.map((at, i) => ({
          label: `point ${i + 1}`,
          at,
          move: (to) => {
            points.value = points.value.map((point, j) => (i === j ? rounded(to) : point));
          },
        }))}
        onPlace={(at) => {
          if (points.value.length < mostPoints) points.value = [...points.value, rounded(at)];
        }}
      >
        {({ band, line }) => (
          <g class="run-0">
            <path class="band" d={band(grid, low, high)} />
            {drawn.draws.slice(0, count).map((ys) => (
              <path class="draw" d={line(grid, ys)} />
            ))}
            <path class="thick" d={line(grid, mean)} />
          </g>
        )}
      </Plane>
      <div class="scroll" role="group" tabIndex={0} aria-label="Parts of the likelihood">
        <table class="plain">
          <tbody>
            <tr>
              <th scope="row">
                how well the points are met, <M>−½ yᵀK⁻¹y</M>
              </th>
              <td>{shortNumber(misfit)}</td>
            </tr>
            <tr>
              <th scope="row">
                how little else was possible, <M>−½ log(|K|)</M>
              </th>
              <td>{shortNumber(volume)}</td>
            </tr>
            <tr>
              <th scope="row">
                their sum with the constant, <M>log(p(y))</M>
              </th>
              <td>{shortNumber(misfit + volume + constant)}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

const rounded = (point: Point): Point => point.map((z) => Number(z.toFixed(3)));

const across = { columns: 49, rows: 37 }; // number of grid points of the map per axis

/** Ranges of length and noise on the map, as logarithms to base 10. */
const box: MapBox = [ranges.length, ranges.noise].map((range) => range.map(Math.log10)) as unknown as MapBox;

function MapFigure(): JSX.Element {
  const { size } = kernel.value;
  const contours = useMemo(() => {
    const places = Array.from({ length: across.columns * across.rows }, (_, i) => {
      const [column, row] = [i % across.columns, Math.floor(i / across.columns)];
      const [length, noise] = [
        box[0][0] + (column / (across.columns - 1)) * (box[0][1] - box[0][0]),
        box[1][0] + (row / (across.rows - 1)) * (box[1][1] - box[1][0]),
      ];
      return [length * Math.LN10, Math.log(size), noise * Math.LN10];
    });
    const values = Float64Array.from(surpriseAt(points.value, places));
    return gridMap(["log₁₀ length", "log₁₀ errors"], box, { ...across, values });
  }, [points.value, size]);
  const best = fit.value.kernel;
  const at = {
    get value(): Point {
      return [Math.log10(kernel.value.length), Math.log10(kernel.value.noise)];
    },
    set value([length, noise]: Point) {
      setKernel({ length: 10 ** length!, noise: 10 ** noise! });
    },
  };
  return (
    <Figure
      id="likelihood"
      title="How likely the points are, by the length of the kernel and the errors"
      caption="Contours of −log(p(y)) at the size above. The star is the most likely pair, for the best size. The circle is the pair of the first figure. Drag it, click, or use the arrow keys."
    >
      <LandscapeMap
        label="The surprise at the points over length and errors"
        contours={contours}
        trails={[]}
        start={at}
        minima={[[Math.log10(best.length), Math.log10(best.noise)]]}
      />
      <p class="finding">
        The likeliest: length {shortNumber(best.length)}, size {shortNumber(best.size)}, errors{" "}
        {shortNumber(best.noise)}; found with {fit.value.gradients} gradients from two starts.
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        A Gaussian process is a probability distribution over functions. Before there are data, it states how
        fast functions change and how large they are. Data rule out most functions. The remaining ones show a
        prediction and its uncertainty.
      </p>
      <p>
        A kernel describes the functions. It is the covariance of the values at two points at distance{" "}
        <M>d</M>: <M>k = a² exp(−d² / 2ℓ²)</M>. Points nearer than the length <M>ℓ</M> have similar values.
        The size <M>a</M> is the standard deviation of the values. The data have random errors.
      </p>
      <ProcessFigure />
      <p>
        Drag one point of the group on the left away from its curve. First the process follows it. Then the
        length and the error jump, because a wrong point has become more likely than such a sharp bend. Far
        from all points, the band returns to its width before the data.
      </p>
      <h2>Where the three numbers come from</h2>
      <p>
        They maximise the marginal likelihood: the probability of the data, averaged over all functions. A
        short length can fit any data. But it could have fitted other data, too, and the term <M>log(|K|)</M>{" "}
        penalises this. So no data need to be held out to choose the kernel.
      </p>
      <MapFigure />
      <p>
        Few points may have two explanations.{" "}
        <button type="button" onClick={showTwoValleys}>
          Show seven such points
        </button>{" "}
        A wavy curve with small errors and a smooth curve with large errors are two separate minima. A search
        finds the minimum in whose valley it starts, so this page starts two searches.
      </p>
      <p>
        The gradient passes through the Cholesky factor of <M>K</M> and the triangular solves. Textbooks
        derive a formula for each parameter of a kernel. Here <code>minimize</code> differentiates the
        function, for any kernel.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The program searches for the logarithms of the three numbers, so that the numbers stay positive.
        </p>
      </ProgramPart>
      <p>
        The cost grows with the cube of the number of points, so that a few thousand points are the limit. The
        band treats the three numbers as known. With few points they are uncertain, and the true uncertainty
        is larger.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
