// Images of eight by eight pixels: one to draw on, and one to view.
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { inkUnit as unit, Pixels } from "../../live/ink-picture.tsx";
import { pixels, side } from "./network.ts";

const levels = 16; // ink levels, as in the data set
const brush = 0.75; // ink added at the pointer
const edge = 0.25; // ink added to the four adjacent pixels

/** Adds ink at a pixel and, less, around it, like a pen. */
function drawnAt(ink: readonly number[], pixel: number): number[] {
  const [row, column] = [Math.floor(pixel / side), pixel % side];
  return ink.map((x, i) => {
    const far = Math.abs(Math.floor(i / side) - row) + Math.abs((i % side) - column);
    const more = far === 0 ? brush : far === 1 ? edge : 0;
    return Math.round(Math.min(1, x + more) * levels) / levels;
  });
}

function cellName(pixel: number, value: number): string {
  const place = `row ${Math.floor(pixel / side) + 1}, column ${(pixel % side) + 1}`;
  return `${place}: ${value === 0 ? "paper" : `ink ${Math.round(100 * value)} %`}`;
}

/**
 * A field to draw on with a pointer or the keyboard. The arrow keys move between pixels, Space inks or clears one,
 * Delete clears all.
 */
export function InkGrid({ ink }: { readonly ink: Signal<readonly number[]> }): JSX.Element {
  const field = useRef<HTMLDivElement>(null);
  const here = useSignal(0);
  const last = useRef(-1);
  const draw = (event: JSX.TargetedPointerEvent<HTMLDivElement>): void => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const column = Math.floor(((event.clientX - left) / width) * side);
    const row = Math.floor(((event.clientY - top) / height) * side);
    if (column < 0 || row < 0 || column >= side || row >= side) return;
    const pixel = row * side + column;
    if (pixel === last.current) return;
    last.current = pixel;
    ink.value = drawnAt(ink.value, pixel);
  };
  const go = (event: JSX.TargetedKeyboardEvent<HTMLDivElement>): void => {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: here.value % side === 0 ? 0 : -1,
      ArrowRight: here.value % side === side - 1 ? 0 : 1,
      ArrowUp: here.value < side ? 0 : -side,
      ArrowDown: here.value >= pixels - side ? 0 : side,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      here.value += move;
      field.current?.querySelectorAll<HTMLElement>("[role=gridcell]")[here.value]?.focus();
    } else if (event.key === " " || event.key === "Enter") {
      ink.value = ink.value.map((x, i) => (i === here.value ? (x > 0 ? 0 : 1) : x));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      ink.value = ink.value.map(() => 0);
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={field}
      class="ink-grid"
      role="grid"
      aria-label="Draw a digit: the arrow keys go from pixel to pixel, Space inks one, Delete wipes all"
      onKeyDown={go}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        last.current = -1;
        draw(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) draw(event);
      }}
    >
      {Array.from({ length: side }, (_, row) => (
        <div role="row">
          {ink.value.slice(row * side, (row + 1) * side).map((value, column) => {
            const pixel = row * side + column;
            return (
              <div
                role="gridcell"
                tabIndex={pixel === here.value ? 0 : -1}
                aria-label={cellName(pixel, value)}
                style={`--amount:${Math.round(100 * value)}%`}
                onFocus={() => (here.value = pixel)}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

/**
 * Derivatives of a score with respect to the ink of each pixel. Larger derivatives have stronger colours; the drawing
 * is overlaid in small.
 */
export function PixelMap({
  ink,
  byPixel,
  label,
}: {
  readonly ink: readonly number[];
  readonly byPixel: readonly number[];
  readonly label: string;
}): JSX.Element {
  const largest = Math.max(...byPixel.map((x) => Math.abs(x)), 1e-12);
  return (
    <svg
      class="ink-picture is-large"
      viewBox={`0 0 ${side * unit} ${side * unit}`}
      role="img"
      aria-label={label}
    >
      {byPixel.map((value, i) => (
        <rect
          class={value > 0 ? "raises" : "lowers"}
          x={(i % side) * unit}
          y={Math.floor(i / side) * unit}
          width={unit}
          height={unit}
          fill-opacity={(Math.abs(value) / largest).toFixed(3)}
        />
      ))}
      <Pixels ink={ink} size={unit / 3} />
    </svg>
  );
}
