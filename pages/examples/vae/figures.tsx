// Figures of the page.
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Chart } from "../../live/chart.tsx";
import { Choice, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { InkPicture } from "../../live/ink-picture.tsx";
import { type Handle, type Placed, Plane } from "../../live/plane.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import {
  across,
  beta,
  boundChart,
  boundOf,
  chosen,
  code,
  digits,
  divergenceChart,
  from,
  gridPaths,
  inkLevels,
  nth,
  pitch,
  plane,
  rate,
  seed,
  shownClass,
  startAgain,
  state,
  to,
  trained,
  training,
  trainOn,
  way,
} from "./state.ts";

const most = 300; // epochs of a training run that is not stopped
const firstEpochs = 40; // epochs of the automatic training run: a few seconds, after which the classes have separated
const classes = Array.from({ length: 10 }, (_, k) => k);

function Training(): JSX.Element {
  const last = trained.value.epochs.at(-1);
  useEffect(() => training.stop(), [seed.value]); // the running training has another seed
  const bounds =
    last && [last.learned, last.heldOut].map((parts) => boundOf(parts).toFixed(1).replace("-", "−"));
  const isWaiting = training.isRunning.value && last === undefined;
  return (
    <>
      <div class="controls">
        <Slider value={beta} label="β" min={0.1} max={100} isLog />
        <Slider value={rate} label="learning rate" min={1e-4} max={0.1} isLog />
        <Slider value={seed} label="seed" min={1} max={99} step={1} />
      </div>
      <StartStop
        job={training}
        label={last === undefined ? "Train" : "Go on"}
        start={() => trainOn(most)}
        first={() => {
          if (trained.value.last === undefined) trainOn(firstEpochs);
        }}
        progress={
          bounds === undefined
            ? isWaiting
              ? "compiling"
              : ""
            : `epoch ${last!.epoch}: bound ${bounds[0]!}, held out ${bounds[1]!}`
        }
      >
        <button type="button" disabled={last === undefined && !training.isRunning.value} onClick={startAgain}>
          Start again
        </button>
      </StartStop>
    </>
  );
}

/** The evidence lower bound and its parts. */
export function BoundFigure(): JSX.Element {
  return (
    <Figure
      id="bound"
      title="The bound and its two parts"
      caption="The bound is the reconstruction minus the divergence. It is shown for β = 1, also if training uses another β. Of 1,797 digits, 360 are held out."
      isWide
    >
      {trained.value.epochs.length === 0 ? (
        <p>Train the networks above: each epoch adds a point to the curves.</p>
      ) : (
        <div class="side-by-side">
          <Chart spec={boundChart.value} />
          <Chart spec={divergenceChart.value} />
        </div>
      )}
    </Figure>
  );
}

/**
 * Codes of the digits, coloured by class, with the name of each class at its centre. Redrawn when they change, not when
 * the circle moves.
 */
function Points({ spot, line, unit }: Placed): JSX.Element {
  const { codes } = plane.value;
  const { labels } = digits();
  const [first, last] = [way.value.codes[0]!, way.value.codes.at(-1)!];
  const isFaint = (k: number): boolean => shownClass.value !== "all" && shownClass.value !== String(k);
  return useMemo(() => {
    const groups = classes.map((k) => codes.filter((_, i) => labels[i] === k));
    const middles = groups.map((group) =>
      [0, 1].map((axis) => group.reduce((sum, one) => sum + one[axis]!, 0) / group.length),
    );
    return (
      <>
        {groups.map((group, k) => (
          <path
            class={`vae-points vae-class-${k}${isFaint(k) ? " is-faint" : ""}`}
            d={group.map(([x, y]) => `M${spot(x, y).join(",")}h0`).join("")}
          />
        ))}
        <path class="vae-way" d={line([first[0], last[0]], [first[1], last[1]])} />
        {middles.map(([x, y], k) => {
          const [left, top] = spot(x!, y!);
          return (
            !isFaint(k) && (
              <text class="vae-name" x={left} y={top}>
                {k}
              </text>
            )
          );
        })}
      </>
    );
  }, [codes, way.value, shownClass.value, unit]);
}

/** Decoded pictures of a grid of codes. */
function Pictures({ spot, unit }: Placed): JSX.Element {
  const { reach } = plane.value;
  const paths = gridPaths.value;
  return useMemo(() => {
    const [left, top] = spot(-reach, reach);
    const pixel = (2 * reach * unit) / (across * pitch);
    return (
      <g class="vae-grid" transform={`translate(${left} ${top}) scale(${pixel})`}>
        {paths.map((d, i) => d !== "" && <path d={d} stroke-opacity={(i + 1) / inkLevels.length} />)}
      </g>
    );
  }, [paths, reach, unit]);
}

/** The plane of codes. */
export function PlaneFigure(): JSX.Element {
  const { reach } = plane.value;
  const { picture, nearest, distance } = chosen.value;
  const { labels, pictures } = digits();
  const [x, y] = code.value;
  const span = [-reach, reach] as const;
  const handles: readonly Handle[] = [
    {
      label: "the code that is decoded",
      at: [Math.max(-reach, Math.min(reach, x)), Math.max(-reach, Math.min(reach, y))],
      move: ([a, b]) => (code.value = [a!, b!]),
    },
  ];
  return (
    <Figure
      id="plane"
      title="The plane of codes"
      caption="You may stop, change β or the learning rate, and continue. The left square shows the codes of all digits, one colour per class, with the label of a class at the mean of its codes. The right square shows the decoded image of codes across the same square. Drag the circle in either square, or reach it by Tab and use the arrow keys. Its decoded image is below."
      state={{ page: state, keys: ["beta", "rate", "seed", "code", "digit"] }}
      isWide
    >
      <Training />
      <Choice
        value={shownClass}
        label="Show"
        options={[["all", "all"], ...classes.map((k) => [String(k), String(k)] as const)]}
      />
      <div class="side-by-side">
        <Plane
          label="The codes of 1,797 digits, by class"
          x={span}
          y={span}
          axes={["first number of the code", "second number"]}
          handles={handles}
          onPlace={([a, b]) => (code.value = [a!, b!])}
        >
          {(placed) => <Points {...placed} />}
        </Plane>
        <Plane
          label={`Pictures that ${across} by ${across} codes over the plane are decoded to`}
          x={span}
          y={span}
          axes={["first number of the code", "second number"]}
          handles={handles}
          onPlace={([a, b]) => (code.value = [a!, b!])}
        >
          {(placed) => <Pictures {...placed} />}
        </Plane>
      </div>
      <div class="vae-decoded">
        <InkPicture
          ink={picture}
          label={`What the code ${shortNumber(x)}, ${shortNumber(y)} is decoded to`}
        />
        <InkPicture
          ink={pictures[nearest]!}
          label={`The digit whose code is nearest: a ${labels[nearest]!}`}
        />
        <p class="finding" role="status">
          The code ({shortNumber(x)}, {shortNumber(y)}) decoded, and the digit of the data whose code is
          nearest to it: a {labels[nearest]}, {distance.toFixed(2)} away.
        </p>
      </div>
    </Figure>
  );
}

function DigitSelect({
  label,
  value,
}: {
  readonly label: string;
  readonly value: { value: number };
}): JSX.Element {
  return (
    <label>
      {label}{" "}
      <select
        value={String(Math.round(value.value))}
        onChange={(event) => (value.value = Number(event.currentTarget.value))}
      >
        {classes.map((k) => (
          <option value={String(k)}>{k}</option>
        ))}
      </select>
    </label>
  );
}

/** Interpolation between two digits. */
export function WayFigure(): JSX.Element {
  const { ends, pictures } = way.value;
  const { pictures: data } = digits();
  const [first, last] = [Math.round(from.value), Math.round(to.value)];
  return (
    <Figure
      id="way"
      title="From one digit to another"
      caption="The first and the last picture are digits of the data set. The pictures between them are decoded from codes on the straight line between their codes, the dashed line in the plane above."
      state={{ page: state, keys: ["from", "to", "nth"] }}
      isWide
    >
      <div class="controls">
        <DigitSelect label="from a" value={from} />
        <DigitSelect label="to a" value={to} />
        <Slider value={nth} label="which example" min={1} max={100} step={1} />
      </div>
      <div class="vae-way-pictures">
        <InkPicture ink={data[ends[0]]!} label={`A ${first} of the data`} />
        {pictures.map((ink, i) => (
          <InkPicture ink={ink} label={`Decoded, ${i} eighths of the way`} />
        ))}
        <InkPicture ink={data[ends[1]]!} label={`A ${last} of the data`} />
      </div>
    </Figure>
  );
}
