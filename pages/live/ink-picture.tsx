// Small images of ink.
import type { JSX } from "preact";

/** Units of a drawing that a pixel of its image takes. */
export const inkUnit = 10;

/** A square image: ink from 0 (paper) to 1, row by row. */
export function InkPicture({
  ink,
  label,
}: {
  readonly ink: readonly number[];
  /** Left out where what stands beside it says what it shows. */
  readonly label?: string;
}): JSX.Element {
  const size = Math.sqrt(ink.length) * inkUnit;
  return (
    <svg
      class="ink-picture"
      viewBox={`0 0 ${size} ${size}`}
      {...(label === undefined ? { "aria-hidden": "true" } : { role: "img", "aria-label": label })}
    >
      <Pixels ink={ink} size={inkUnit} />
    </svg>
  );
}

/** The pixels of a square image, each drawn as a square of a size in the middle of its room. */
export function Pixels({
  ink,
  size,
}: {
  readonly ink: readonly number[];
  readonly size: number;
}): JSX.Element {
  const side = Math.sqrt(ink.length);
  const gap = (inkUnit - size) / 2;
  return (
    <>
      {ink.map(
        (value, i) =>
          value > 0 && (
            <rect
              class="ink"
              x={(i % side) * inkUnit + gap}
              y={Math.floor(i / side) * inkUnit + gap}
              width={size}
              height={size}
              fill-opacity={value}
            />
          ),
      )}
    </>
  );
}
