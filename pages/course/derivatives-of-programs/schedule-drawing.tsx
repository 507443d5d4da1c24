// A schedule as a drawing: operations over time, and the spans in which values are stored.
import type { JSX } from "preact";
import { useWidth } from "../../live/width.ts";
import type { Schedule } from "./schedule.ts";

const [left, top, bottom] = [34, 10, 34]; // pixels

/** Draws the operations up to a moment. */
export function ScheduleDrawing({
  schedule: { operations, spans },
  length,
  until,
}: {
  readonly schedule: Schedule;
  readonly length: number;
  readonly until: number;
}): JSX.Element {
  const { ref, width: room } = useWidth<HTMLDivElement>(640);
  const width = Math.max(280, room.value);
  const plotHeight = Math.min(320, Math.max(180, width * 0.4));
  const x = (time: number): number => left + (time / operations.length) * (width - left - 10);
  const y = (step: number): number => top + plotHeight - (step / length) * plotHeight;
  const pathOf = (kind: "forward" | "backward"): string =>
    operations
      .slice(0, until)
      .map((one, t) => {
        if (one.kind !== kind) return "";
        const [from, to] = kind === "forward" ? [one.step, one.step + 1] : [one.step + 1, one.step];
        return `M${x(t).toFixed(1)} ${y(from).toFixed(1)}L${x(t + 1).toFixed(1)} ${y(to).toFixed(1)}`;
      })
      .join("");
  const stored = spans
    .filter(({ from }) => from <= until)
    .map(
      ({ step, from, to }) =>
        `M${x(from).toFixed(1)} ${y(step).toFixed(1)}H${x(Math.min(to, until)).toFixed(1)}`,
    )
    .join("");
  return (
    <div ref={ref}>
      <svg
        class="schedule"
        width={width}
        height={top + plotHeight + bottom}
        viewBox={`0 0 ${width} ${top + plotHeight + bottom}`}
        role="img"
        aria-label={`${Math.min(until, operations.length)} of ${operations.length} operations of the schedule`}
      >
        <path class="schedule-axis" d={`M${left} ${top}V${top + plotHeight}H${width - 10}`} />
        <path class="schedule-stored" d={stored} />
        <path class="schedule-forward" d={pathOf("forward")} />
        <path class="schedule-backward" d={pathOf("backward")} />
        <text x={left - 6} y={top + plotHeight} text-anchor="end" font-size={12}>
          0
        </text>
        <text x={left - 6} y={top + 10} text-anchor="end" font-size={12}>
          {length}
        </text>
        <text x={width - 10} y={top + plotHeight + 20} text-anchor="end" font-size={13}>
          time, in operations: {operations.length}
        </text>
      </svg>
      <p class="schedule-key">
        <span class="key-forward">forward</span> <span class="key-backward">backward</span>{" "}
        <span class="key-stored">stored value</span>
      </p>
    </div>
  );
}
