// A direction of two inputs, as an arrow that can be turned.
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { angleOf, atAngle } from "./direction.ts";

const size = 150; // CSS pixels
const radius = 56;
const stride = 5; // degrees per arrow key

/** An arrow that a pointer or keys turn. Turning normalises its length to 1. */
export function Dial({
  along,
  names: [first, second],
}: {
  readonly along: Signal<readonly number[]>;
  readonly names: readonly [string, string];
}): JSX.Element {
  const angle = angleOf(along.value);
  const [x, y] = [Math.cos((angle * Math.PI) / 180) * radius, -Math.sin((angle * Math.PI) / 180) * radius];
  const turn = (event: JSX.TargetedPointerEvent<SVGSVGElement>): void => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const [dx, dy] = [event.clientX - left - width / 2, top + height / 2 - event.clientY];
    if (dx !== 0 || dy !== 0) along.value = atAngle(Math.round((Math.atan2(dy, dx) * 180) / Math.PI));
  };
  return (
    <svg
      class="dial"
      width={size}
      height={size}
      viewBox={`${-size / 2} ${-size / 2} ${size} ${size}`}
      role="slider"
      tabindex={0}
      aria-label={`direction in ${first} and ${second}`}
      aria-valuemin={0}
      aria-valuemax={359}
      aria-valuenow={angle}
      aria-valuetext={`${angle} degrees`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        turn(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) turn(event);
      }}
      onKeyDown={(event) => {
        const by =
          event.key === "ArrowLeft" || event.key === "ArrowUp"
            ? stride
            : event.key === "ArrowRight" || event.key === "ArrowDown"
              ? -stride
              : 0;
        if (by === 0) return;
        along.value = atAngle(angle + by);
        event.preventDefault();
      }}
    >
      <circle r={radius} class="dial-round" />
      <line x1={-radius - 8} x2={radius + 8} class="dial-axis" />
      <line y1={-radius - 8} y2={radius + 8} class="dial-axis" />
      <text x={radius + 10} y={14} text-anchor="middle" class="dial-name">
        {first}
      </text>
      <text x={12} y={-radius - 4} text-anchor="middle" class="dial-name">
        {second}
      </text>
      <line x2={x} y2={y} class="dial-arrow" />
      <circle cx={x} cy={y} r={7} class="dial-tip" />
    </svg>
  );
}
