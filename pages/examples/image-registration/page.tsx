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
      caption="Left: the first picture, with the window that the search has come to in blue, where the second picture was taken in dashes, and the start in dots. Drag its two circles, or reach them by Tab and use the arrow keys. Right: on the left of the border what the window shows, on the right the second picture; drag the border. In a difference, blue is too light and orange too dark. A picture of your own is read in this page only; links do not hold it."
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
      caption="Every place of the window goes straight from where the start of the first figure puts it to where it lies. A descent gets there if nothing climbs in between."
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
        Two pictures show the same thing: a patient today and a month ago, a coast from two satellites, two
        frames of a film. Which place of one is which place of the other? To answer that is to register them.
        Compare them after that, and what is left is what has changed.
      </p>
      <p>
        Lay a window over the first picture. At each pixel of the window, read the grey value below it, and
        subtract that of the second picture. The mean square of these differences is small where the window
        lies right. So it is minimised, by L‑BFGS, over the numbers that say how the window lies.
      </p>
      <WindowFigure />
      <p>
        Drag the start away from the window until the search fails, then play it: it goes downhill all the
        time, and ends in a valley that is not the right one. Now begin with a larger blur, and it may be
        found again. Then choose the dots, and begin with none: where no dot of one picture lies on one of the
        other, moving the window changes nothing, and the gradient is all but zero. The fence is worse. One
        post looks like the next.
      </p>
      <h2>Why blurring helps</h2>
      <p>
        A search sees only the slope where it stands. Edges change the difference only while they overlap, and
        that is as far as they are wide. Blurring makes them wide, and takes away the details that are alike.
        So the search begins with what is left when everything small is gone, and each finer level begins
        where the coarser one ended, near enough.
      </p>
      <WayFigure />
      <p>
        Blurring too much has a price as well: what the pictures have beyond their edges is not known, the
        blur mixes it in, and the lowest place moves a little. The finer levels put that right.
      </p>
      <h2>What is differentiated</h2>
      <p>
        A place of the window falls between four pixels. Its grey value is taken in between them, in the way
        of the distances: bilinear sampling. So the value changes smoothly when the window moves, and the
        derivative is the slope of the picture there, times the way that the place moves. A window that turns
        has three numbers, one that stretches six. One that bends has 98 more, the displacements of a grid of
        7 by 7 control points with cubic splines between them. One reverse pass gives the derivatives in all
        of them; the page has no formula for any.
      </p>
      <p>
        Make the window bend, and seek one that only moves: the difference cannot become small. Then let it
        bend too. Where the picture is blank nothing says how it bends there, and the price of bends decides:
        the more they cost, the smoother the grid.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          Two soft blobs are wide enough to need no pyramid. The derivative goes through <code>sample</code>:{" "}
          <code>floor</code> has none, and the shares between pixels have.
        </p>
      </ProgramPart>
      <p>
        The squared difference takes it that the same thing has the same grey in both pictures. Where that is
        not so, as for pictures of two kinds of scanner, other measures are used: correlation, or mutual
        information. They are functions as well, and take the place of <M>mean (a − b)²</M>.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
