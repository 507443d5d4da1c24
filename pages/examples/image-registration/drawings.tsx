// Drawings of the example: the first picture with the window, and the second picture next to the content of the window.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { sub } from "downhill";
import { type Placed, Plane } from "../../live/plane.tsx";
import { addressOf, asDifference } from "./picture.ts";
import { shownBy } from "./search.ts";
import {
  begin,
  border,
  comparison,
  type DrawnPlaces,
  first,
  lattices,
  second,
  shown,
  start,
} from "./state.ts";

/** Lines of a 25 × 25 lattice: its edge, or also every third line. */
function linesOf([xs, ys]: DrawnPlaces, { line }: Placed, every: 3 | 24): string {
  const columns = (rows: number[][], i: number): number[] => rows.map((row) => row[i]!);
  return xs
    .flatMap((_, i) => (i % every === 0 ? [line(xs[i]!, ys[i]!), line(columns(xs, i), columns(ys, i))] : []))
    .join("");
}

/** A picture that covers the square from −1 to 1 of the plane. */
function Image({
  href,
  placed: { spot, unit },
}: {
  readonly href: string;
  readonly placed: Placed;
}): JSX.Element {
  const [left, top] = spot(-1, 1);
  return <image href={href} x={left} y={top} width={2 * unit} height={2 * unit} preserveAspectRatio="none" />;
}

/** Half width of the drawings around the centre of the first picture. The true window may extend beyond the picture. */
function useReach(): number {
  return useComputed(() => {
    const farthest = Math.max(...lattices.made.value.flat(2).map(Math.abs));
    return Math.max(1.3, Math.ceil(10 * farthest) / 10 + 0.05);
  }).value;
}

const arm = 0.75; // distance from the centre of the start to its rotation handle

/** The first picture with the window found by the search. Handles move the start. */
export function FoundWindow(): JSX.Element {
  const address = useComputed(() => addressOf(first.value)).value;
  const { x, y, turn } = start.value;
  const edge = useReach();
  return (
    <Plane
      label="The first picture with the window in it that the search has come to"
      x={[-edge, edge]}
      y={[-edge, edge]}
      handles={[
        {
          label: "centre of the start",
          at: [x, y],
          move: ([left, up]) => {
            [begin.x.value, begin.y.value] = [left!, up!].map((to) => Math.min(1.2, Math.max(-1.2, to))) as [
              number,
              number,
            ];
          },
        },
        {
          label: "turn of the start",
          at: [x + arm * Math.cos(turn), y + arm * Math.sin(turn)],
          move: ([left, up]) => {
            begin.turn.value = Math.round((Math.atan2(up! - y, left! - x) * 180) / Math.PI);
          },
        },
      ]}
    >
      {(placed) => (
        <>
          <Image href={address} placed={placed} />
          <path
            class="registration-start"
            d={
              linesOf(lattices.start.value, placed, 24) +
              placed.line([x, x + arm * Math.cos(turn)], [y, y + arm * Math.sin(turn)])
            }
          />
          <path class="registration-made" d={linesOf(lattices.made.value, placed, 24)} />
          <g class="run-0">
            <path class="registration-grid" d={linesOf(lattices.shown.value, placed, 3)} />
            <path class="thick" d={linesOf(lattices.shown.value, placed, 24)} />
          </g>
        </>
      )}
    </Plane>
  );
}

/** The content of the window next to the second picture, or the difference of both. */
export function Comparison(): JSX.Element {
  const carried = useComputed(() => shownBy(shown.value.params, first.value));
  const addresses = useComputed(() =>
    comparison.value === "sides"
      ? ([addressOf(second.value), addressOf(carried.value)] as const)
      : ([addressOf(sub(carried.value, second.value), asDifference, [-1, 1])] as const),
  ).value;
  const [below, above] = addresses;
  const at = border.value;
  const edge = useReach();
  const handles =
    above === undefined
      ? []
      : [
          {
            label: "border between the pictures",
            at: [at, 0],
            move: ([to]: readonly number[]) => (border.value = Math.min(1, Math.max(-1, to!))),
          },
        ];
  return (
    <Plane
      label={
        above === undefined
          ? "The difference between what the window shows and the second picture"
          : "On the left of the border what the window shows, on the right the second picture"
      }
      x={[-edge, edge]}
      y={[-edge, edge]}
      handles={handles}
    >
      {(placed) => {
        const [left, top] = placed.spot(-1, 1);
        const [middle, bottom] = placed.spot(at, -1);
        return (
          <>
            <Image href={below} placed={placed} />
            {above !== undefined && (
              <>
                <svg x={left} y={top} width={middle - left} height={bottom - top}>
                  <image
                    href={above}
                    width={2 * placed.unit}
                    height={2 * placed.unit}
                    preserveAspectRatio="none"
                  />
                </svg>
                <path class="registration-border" d={placed.line([at, at], [-1, 1])} />
              </>
            )}
          </>
        );
      }}
    </Plane>
  );
}
