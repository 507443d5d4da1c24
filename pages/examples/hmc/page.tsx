import { computed } from "@preact/signals";
import type { JSX } from "preact";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { pageState } from "../../live/address.ts";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { contourMap, contourSize } from "../../live/contour-map.ts";
import { Choice, Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { type Placed, Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { shades } from "../../live/shades.ts";
import { ProgramPart } from "../program-part.tsx";
import { diagnose } from "./diagnostics.ts";
import { draws, proposalPath, sample } from "./sampler.ts";
import { type TargetName, targets } from "./targets.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const names = Object.keys(targets) as TargetName[];
const target = state.choice<TargetName>("density", "banana", names);
const stepSize = state.number("step-size", 0.1, { min: 0.01, max: 1 });
const leaps = state.number("leaps", 18, { min: 1, max: 60, step: 1 });
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
const starts = (
  [
    [-2.5, 2],
    [2.5, 2],
    [-2.5, -2],
    [2.5, -2],
  ] as const
).map((at, i) => pointState(state, `start${i + 1}`, at));
const shownDraw = state.number("draw", Infinity, { min: 0, step: 1 });

const question = computed(() => ({
  target: target.value,
  stepSize: stepSize.value,
  steps: Math.round(leaps.value),
}));
const chains = computed(() =>
  sample({
    ...question.value,
    starts: starts.map(({ value }) => value),
    seed: Math.round(seed.value),
  }),
);
const settled = 50; // initial draws that averages ignore
const diagnoses = computed(() =>
  [0, 1].map((axis) =>
    diagnose(chains.value.points.map((points) => points.slice(settled + 1).map((point) => point[axis]!))),
  ),
);
const acceptance = computed(
  () => chains.value.accepted.flat().filter(Boolean).length / (draws * starts.length),
);
const draw = computed(() => Math.min(shownDraw.value, draws));

const span = { x: [-4, 4], y: [-3, 3] } as const;
const land = computed(() => {
  const { energy } = targets[target.value];
  const mapped = {
    value: (point: Parameters<typeof energy>[0]) => energy(point.at(0), point.at(1)),
    coordinates: ["x", "y"],
    saddles: [],
    lowest: undefined,
  };
  return contourMap(target.value, mapped, [span.x, span.y], 120);
});

/** The energy as shades, the draws as dots, and the path of the first chain's proposal. */
function Draws({ spot, line }: Placed): JSX.Element {
  const { paths } = land.value;
  const colours = shades(paths.length + 1);
  const [[left, top], [right]] = [spot(span.x[0], span.y[1]), spot(span.x[1], span.y[0])];
  const { points, momenta, accepted } = chains.value;
  const shown = draw.value;
  const before = Math.max(0, shown - 1);
  const way = proposalPath(question.value, points[0]![before]!, momenta[before]![0]!);
  const isAccepted = accepted[before]![0];
  return (
    <>
      <g transform={`translate(${left} ${top}) scale(${(right - left) / contourSize.width})`}>
        <rect {...contourSize} style={`fill:${colours[0]!}`} />
        {paths.map((d, i) => (
          <path fill-rule="evenodd" d={d} style={`fill:${colours[i + 1]!}`} />
        ))}
      </g>
      {points.map((chain, i) => (
        <path
          class={`run-${i}`}
          d={chain
            .slice(0, shown + 1)
            .map((point) => `M${spot(point[0]!, point[1]!).join(",")}h0`)
            .join("")}
          stroke="var(--run)"
          stroke-width={4}
          stroke-linecap="round"
          stroke-opacity={0.75}
        />
      ))}
      {points.map((chain, i) => {
        const recent = chain.slice(Math.max(0, shown - 12), shown + 1);
        return (
          <path
            class={`run-${i}`}
            d={line(
              recent.map(([x]) => x!),
              recent.map(([, y]) => y!),
            )}
            fill="none"
            stroke="var(--run)"
            stroke-opacity={0.4}
          />
        );
      })}
      <g class="run-0">
        <path
          class="thick"
          d={line(
            way.map(([x]) => x!),
            way.map(([, y]) => y!),
          )}
          stroke-dasharray={isAccepted === true ? "none" : "4 4"}
        />
      </g>
    </>
  );
}

const traces = computed((): ChartSpec => ({
  title: "x of four chains, draw by draw",
  x: { label: "draw", unit: "integer", domain: [0, draws] },
  y: { label: "x", domain: span.x },
  series: chains.value.points.map((points, i) => ({
    name: `chain ${i + 1}`,
    x: points.map((_, t) => t),
    y: points.map(([x]) => x!),
  })),
  marks: [{ x: settled, label: "averages begin" }],
}));

function ChainsFigure(): JSX.Element {
  const move = (signal: { value: Point }) => (to: Point) => (signal.value = to);
  return (
    <Figure
      id="chains"
      title="Four chains of 400 draws"
      caption="The map shows the energy. Points of low energy are probable. Open circles are the starts of the chains: drag them, or use Tab and the arrow keys. The thick line is the path of the last proposal of chain 1. It is dashed if the proposal was rejected."
      state={{
        page: state,
        keys: ["density", "step-size", "leaps", "seed", "draw", ...starts.map((_, i) => `start${i + 1}`)],
      }}
    >
      <Choice
        value={target}
        label="Density"
        options={names.map((name) => [name, targets[name].words] as const)}
      />
      <div class="controls">
        <Slider value={stepSize} label="time of a leapfrog step" min={0.01} max={1} isLog />
        <Slider value={leaps} label="leapfrog steps a draw" min={1} max={60} step={1} />
        <span>
          set <Drag value={seed} label="set of random numbers" min={1} max={99} step={1} /> of random numbers
        </span>
      </div>
      <Plane
        label={`The density ${targets[target.value].words} with the draws of four chains`}
        {...span}
        axes={["x", "y"]}
        handles={starts.map((start, i) => ({
          label: `start of chain ${i + 1}`,
          at: start.value,
          move: move(start),
        }))}
      >
        {(placed) => <Draws {...placed} />}
      </Plane>
      <Player step={shownDraw} last={draws} label="the chains" unit="draw" seconds={20} />
      <p class="finding">
        {(100 * acceptance.value).toFixed(0)} % of the proposals were accepted. Each is the end of{" "}
        {question.value.steps} leapfrog steps.
      </p>
      <Chart spec={traces.value} />
      <div class="scroll" role="group" tabIndex={0} aria-label="What the chains say">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">of</th>
              <th scope="col">mean</th>
              <th scope="col">effective draws of {(draws - settled) * starts.length}</th>
              <th scope="col">R̂</th>
            </tr>
          </thead>
          <tbody>
            {diagnoses.value.map(({ mean, effective, rHat }, axis) => (
              <tr>
                <th scope="row">
                  <M>{axis === 0 ? "x" : "y"}</M>
                </th>
                <td>{Number.isFinite(mean) ? shortNumber(mean) : "–"}</td>
                <td>{Number.isFinite(effective) ? effective.toFixed(0) : "–"}</td>
                <td>{Number.isFinite(rHat) ? rHat.toFixed(2) : "no chain moved"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        Which parameters are plausible after the data are known? The answer of a statistical model is often a
        probability density that can be computed at each point, up to a factor, but not integrated. So one
        draws samples from it and averages these.
      </p>
      <p>
        Hamiltonian Monte Carlo draws samples by simulating motion. The landscape is minus the logarithm of
        the density. A point gets a random push and rolls without friction for a while. Its final position is
        the next sample.
      </p>
      <ChainsFigure />
      <p>
        Play the chains slowly and watch the thick line, the path of one push. Then set the leapfrog steps to
        1. The path is a short hop, and the chains move in a random walk. The number of effective draws drops:
        this is the number of independent samples that would determine the mean equally well. Neighbouring
        samples of a chain are almost equal.
      </p>
      <p>
        Make the leapfrog step longer. Motion is computed in steps, and long steps do not conserve energy. A
        proposal is accepted with probability <M>exp(H − H′)</M>, where <M>H</M> is the total energy at the
        start of the path and <M>H′</M> the energy at its end. This keeps the distribution of the samples
        exact for any step. If the step is too long, nearly all proposals are rejected, and the chains do not
        move.
      </p>
      <p>
        Choose the two humps. Each chain finds one, and few cross. R̂ detects this: it compares the spread of
        all chains with the spread within each chain. A value above 1.05 shows that the chains have not yet
        explored the same region. Drag all four starts to one side. R̂ is now near 1, although no chain has
        visited half of the density. A diagnostic uses only visited points.
      </p>
      <p>
        The force is the gradient of the energy. A model only has to supply its density. The library
        differentiates the code of the model, for 2 parameters here and for thousands elsewhere.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The program runs one chain for a Gaussian distribution of two correlated numbers. The true means are
          0, and the true standard deviations are 1.62. The whole chain is one <code>scan</code>.
        </p>
      </ProgramPart>
      <p>
        Here you choose the step and the number of steps. Practical samplers such as NUTS adapt both during
        warm-up.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
