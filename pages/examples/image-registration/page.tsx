import { computed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramPart } from "../program-part.tsx";
import { Comparison, FoundWindow } from "./drawings.tsx";
import { readPicture } from "./own-picture.ts";
import { addressOf } from "./picture.ts";
import { printed, program } from "./program.ts";
import { blurred, blurs, shares, thinned } from "./search.ts";
import {
  comparison,
  figure,
  first,
  iterates,
  kind,
  made,
  madeKeys,
  mostBlur,
  off,
  own,
  searchKeys,
  shown,
  state,
  step,
  stiffness,
  ways,
} from "./state.ts";

/** Buttons of the example pictures, and a file field for the reader's own. */
function PictureChoice(): JSX.Element {
  const problem = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    problem.value = "";
    try {
      own.value = await readPicture(file);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <>
      <Choice
        value={figure}
        label="First picture"
        options={[
          ["head", "A section of a head"],
          ["dots", "Dots"],
          ["fence", "A fence"],
          ...(own.value === undefined ? [] : [["own", "Yours"] as const]),
        ]}
      />
      <label class="registration-file">
        your own picture{" "}
        <input
          ref={field}
          type="file"
          accept="image/*"
          onChange={(event) => void read(event.currentTarget.files?.[0])}
        />
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
    </>
  );
}

const pixels = (distance: number): string => `${shortNumber(Number(distance.toPrecision(2)))} pixels`;

/** Describes the result of the search. */
function finding(): string {
  const last = iterates.value.at(-1)!;
  const end = off.value.at(-1)!;
  const at = Math.min(step.value, iterates.value.length - 1);
  const noise = made.noise.value;
  const sizes = `Its places are off by ${pixels(off.value[at]!)} on average, and the pictures differ by ${shortNumber(Number(shown.value.difference.toPrecision(2)))}.`;
  if (at < iterates.value.length - 1)
    return `The window after ${at} iterations, on pictures with a blur of ${shown.value.blur} pixels. ${sizes}`;
  if (end < 1) return `Found, after ${at} iterations. ${sizes}`;
  return last.difference < noise + 0.03
    ? `Where the pictures show something, they agree after ${at} iterations. ${sizes}`
    : `The search has ended after ${at} iterations, and not at the window. ${sizes}`;
}

const falling = computed((): ChartSpec => {
  const numbers = iterates.value.map((_, i) => i);
  const levels = [...new Set(iterates.value.map(({ blur }) => blur))];
  return {
    title: "How the difference between the pictures falls",
    x: { label: "iteration", unit: "integer" },
    y: { label: "difference, in grey values", isFromZero: true },
    series: levels.map((level) => {
      const here = numbers.filter((i) => iterates.value[i]!.blur === level);
      return {
        name: blurName(level),
        x: here,
        y: here.map((i) => iterates.value[i]!.difference),
        colour: blurs.findIndex((blur) => blur === level),
      };
    }),
  };
});

function blurName(blur: number): string {
  return blur === 0 ? "sharp" : `blur ${blur}`;
}

function WindowFigure(): JSX.Element {
  const last = iterates.value.length - 1;
  return (
    <Figure
      id="window"
      title="The window of the first picture that the second one shows"
      caption="The first drawing shows the first picture. The window of the search is blue, the true window is dashed, and the start is dotted. Drag the two circles of the start, or reach them by Tab and use the arrow keys. The second drawing compares the content of the window, left of the border, with the second picture; drag the border. In a difference, blue is too light and orange too dark. A picture of your own stays in this page, and links do not contain it."
      isWide
      state={{ page: state, keys: ["picture", ...madeKeys, ...searchKeys] }}
    >
      <div class="controls">
        <PictureChoice />
      </div>
      <p>
        The second picture is taken through a window that is turned by{" "}
        <Drag value={made.turn} label="turn of the window in degrees" min={-60} max={60} step={1} />° and{" "}
        <Drag value={made.size} label="size of the window" min={0.6} max={1.4} step={0.01} /> times as large
        as the first picture, with its centre at{" "}
        <Drag value={made.x} label="x of the window" min={-0.5} max={0.5} step={0.01} />,{" "}
        <Drag value={made.y} label="y of the window" min={-0.5} max={0.5} step={0.01} />. It bends by{" "}
        <Drag value={made.bend} label="bend of the window" min={0} max={0.12} step={0.01} />. Each grey value
        has an error of <Drag value={made.noise} label="size of the errors" min={0} max={0.5} step={0.01} />,
        of set <Drag value={made.seed} label="set of errors" min={1} max={99} step={1} />.
      </p>
      <div class="controls">
        <Choice
          value={kind}
          label="The window that is sought"
          options={[
            ["rigid", "moves and turns"],
            ["affine", "stretches as well"],
            ["smooth", "bends as well"],
          ]}
        />
        <Choice
          value={mostBlur}
          label="The search begins with a blur of"
          options={blurs.map((blur) => [String(blur), blur === 0 ? "none" : `${blur} pixels`])}
        />
        {kind.value === "smooth" && (
          <Slider value={stiffness} label="price of bends" min={0.0001} max={0.1} isLog />
        )}
      </div>
      <div class="side-by-side">
        <FoundWindow />
        <Comparison />
      </div>
      <Player step={step} last={last} label="the search" unit="iteration" seconds={4} />
      <Choice
        value={comparison}
        label="Right"
        options={[
          ["sides", "side by side"],
          ["difference", "difference"],
        ]}
      />
      <p class="finding" role="status">
        {finding()}
      </p>
      <Chart spec={falling.value} />
    </Figure>
  );
}

const slices = computed((): ChartSpec => ({
  title: "The difference on the straight way from the start to the window",
  x: { label: "way from the start (0) to the window (1)" },
  y: { label: "difference, as a part of its largest", domain: [0, 1.05] },
  series: ways.value.map(({ blur, differences }) => {
    const largest = Math.max(...differences, 1e-12);
    return { name: blurName(blur), x: shares, y: differences.map((value) => value / largest) };
  }),
  marks: [
    { x: 0, label: "" },
    { x: 1, label: "" },
  ],
}));

const clear = 0.05; // fraction of the range along the path; smaller rises come from noise, or from a minimum slightly off the window

/** Describes the blurs for which a search would reach the window. */
function clearWays(): string {
  const open = ways.value.filter(({ climb }) => climb < clear).map(({ blur }) => blurName(blur));
  const shut = ways.value.filter(({ climb }) => climb >= clear).map(({ blur }) => blurName(blur));
  if (shut.length === 0) return "From this start the difference falls all the way, whatever the blur.";
  if (open.length === 0) return "From this start the way climbs with every blur: a descent may end anywhere.";
  return `From this start the difference falls all the way with ${inWords(open)}. With ${inWords(shut)} it climbs in between, by up to ${Math.round(100 * Math.max(...ways.value.map(({ climb }) => climb)))} % of its range.`;
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

function WayFigure(): JSX.Element {
  return (
    <Figure
      id="way"
      title="What blurring does to the way"
      caption="The window moves on a straight line from the start of the first figure to the true position. A descent arrives if the curve does not rise in between."
      state={{ page: state, keys: ["start-x", "start-y", "start-turn"] }}
    >
      <ul class="pyramid">
        {blurs.map((blur) => (
          <li>
            <img
              src={addressOf(thinned(blurred(first.value, blur), 2))}
              alt={`The first picture, ${blurName(blur)}`}
            />
            {blurName(blur)}
          </li>
        ))}
      </ul>
      <Chart spec={slices.value} height={[200, 0.25]} />
      <p class="finding" role="status">
        {clearWays()}
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        Two pictures show the same object: a patient today and a month ago, a coast from two satellites, two
        frames of a film. Registration finds, for each point of one picture, the same point in the other.
        After it, the differences between the pictures are real changes.
      </p>
      <p>
        Put a window on the first picture. At each pixel of the window, read the grey value below it, and
        subtract the grey value of the second picture. The mean square of these differences is smallest at the
        right position. L‑BFGS minimises it over the numbers that determine the position of the window.
      </p>
      <WindowFigure />
      <p>
        Drag the start away from the window until the search fails, and then play it. Every step goes
        downhill, but the search ends in the wrong valley. A larger blur may find the window again. Then
        choose the dots and no blur. If no dot of one picture overlaps a dot of the other, moving the window
        changes nothing, and the gradient is almost zero. The fence is worse, because its posts look alike.
      </p>
      <h2>Why blurring helps</h2>
      <p>
        A search uses only the slope at its present position. An edge changes the difference only while it
        overlaps the same edge of the other picture, and sharp edges are narrow. Blurring makes them wide, and
        removes details. So the search begins with strongly blurred pictures. Each finer level begins at the
        result of the coarser one, which is near enough.
      </p>
      <WayFigure />
      <p>
        Too much blur has a disadvantage, too. The grey values beyond the edges of the pictures are unknown,
        and blurring mixes them in, so that the minimum moves a little. The finer levels correct this.
      </p>
      <h2>What is differentiated</h2>
      <p>
        A point of the window falls between four pixels. Bilinear sampling interpolates its grey value, so
        that the value changes smoothly when the window moves. The derivative is the slope of the picture at
        this point, times the derivative of the position. A window that moves and turns has three numbers, and
        one that also stretches has six. A window that bends has 98 more: the displacements of 7 by 7 control
        points, with cubic splines between them. One backward pass computes the derivatives in all of them,
        and the page contains no formula for any.
      </p>
      <p>
        Make the window bend, and search for one that only moves: the difference stays large. Then let the
        search bend it, too. In blank parts of the picture no grey value determines the bend. There the
        penalty for bending decides: the larger it is, the smoother the grid.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          Two soft blobs are so wide that the search needs no blur. The derivative passes through{" "}
          <code>sample</code>: the weights of the four pixels have a derivative, and <code>floor</code> has
          none.
        </p>
      </ProgramPart>
      <p>
        The squared difference assumes that the same object has the same grey value in both pictures. Pictures
        of two kinds of scanner need other measures, such as correlation or mutual information. They are
        functions, too, and replace <M>mean (a − b)²</M>.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
