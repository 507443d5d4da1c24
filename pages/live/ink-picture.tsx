// Small images of ink.
import type { JSX } from "preact";

/** Drawing units per pixel of an image. */
export const inkUnit = 10;

/** A square image: ink from 0 (paper) to 1, row by row. */
export function InkPicture({
  ink,
  label,
}: {
  readonly ink: readonly number[];
  /** Description for screen readers. Omitted if adjacent text describes the image. */
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

/** The pixels of a square image, each drawn as a square of the given size centred in its cell. */
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
