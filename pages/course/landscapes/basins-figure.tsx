// The map of starts.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { runClass } from "../../../src/pictures/plot/palette.ts";
import { contourSize } from "../../live/contour-map.ts";
import { Choice, shortNumber, Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { jobOf } from "../../live/job.ts";
import { LandscapeMap, type MapTrail } from "../../live/landscape.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { basinContours, basinMap, basinProblem, placeOf, question, refine } from "./basins-state.ts";
import { basinSteps, lost, pathOf, runFrom, sharesOf, underway } from "./basins.ts";
import type { BasinWork } from "./basins.worker.ts";
import { basinFormula, basinRange, basinRate, method, probe, state } from "./state.ts";

const finerMaps = jobOf<BasinWork>(
  () => new Worker(new URL("./basins.worker.js", import.meta.url), { type: "module" }),
);

/** A map of starts, coloured by the minimum that each leads to. */
export function Basins(): JSX.Element {
  const map = basinMap.value;
  const asked = question.value;
  useEffect(() => () => finerMaps.stop(), [asked]);
  const ground = useComputed(() => <Starts />).value;
  const trail = useComputed((): MapTrail[] => [
    { name: method.value, colour: 5, ...runFrom(question.value, probe.value) },
  ]);
  return (
    <Figure
      id="basins"
      title="What a start decides"
      caption={`Each cell is a start, coloured by the minimum where its run is after ${basinSteps} steps. Click for one run.`}
      state={{ page: state, keys: ["g", "basin-rate", "method", "probe"] }}
    >
      <TextField value={basinFormula} label="f =" problem={basinProblem} />
      <div class="controls">
        <Slider value={basinRate} label="learning rate η" {...basinRange} isLog />
        <Choice
          value={method}
          label=""
          options={[
            ["gradient descent", "gradient descent"],
            ["momentum", "momentum 0.9"],
          ]}
        />
      </div>
      <StartStop
        job={finerMaps}
        label="Make it finer"
        start={() => finerMaps.start(asked, (finer) => refine(asked, finer))}
        progress={`${map.columns} by ${map.rows} starts`}
      />
      <LandscapeMap
        label="The starts, coloured by the minimum that they lead to, with one run"
        contours={basinContours.value}
        trails={trail.value}
        start={probe}
        minima={map.minima}
        ground={ground}
      />
      <Shares />
    </Figure>
  );
}

/** The cells of the map of starts, below its contours. */
function Starts(): JSX.Element {
  const map = basinMap.value;
  return (
    <>
      {map.minima.map((_, i) => (
        <path class={`basin ${runClass(i)}`} d={pathOf(map, i, contourSize)} />
      ))}
      <path class="basin-lost" d={pathOf(map, lost, contourSize)} />
      {basinContours.value.paths.map(
        (d, i) => i % 3 === 0 && d !== "" && <path class="level is-line" d={d} />,
      )}
    </>
  );
}

/** Fractions of the starts that lead to each minimum. */
function Shares(): JSX.Element {
  const map = basinMap.value;
  return (
    <div class="scroll" role="group" tabIndex={0} aria-label="How many starts lead where">
      <table class="plain map-table">
        <thead>
          <tr>
            <th scope="col">the run is after {basinSteps} steps</th>
            <th scope="col">of the starts</th>
          </tr>
        </thead>
        <tbody>
          {sharesOf(map).map(({ kind, share }) => (
            <tr>
              <th scope="row">
                {kind >= 0 && (
                  <svg class="dl" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
                    <rect class={`basin ${runClass(kind)}`} width="16" height="16" />
                  </svg>
                )}
                {kind === underway
                  ? "under way"
                  : kind === lost
                    ? "lost"
                    : `at ${placeOf(map.minima[kind]!)}`}
              </th>
              <td>{shortNumber(100 * share)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
