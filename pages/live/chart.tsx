// Charts in live pages.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { chartTable } from "../../src/pictures/plot/chart-table.ts";
import { drawChart } from "../../src/pictures/plot/chart.ts";
import { Drawing } from "./drawing.tsx";
import { useWidth } from "./width.ts";

export type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";

/** The height of a chart of a width, in CSS pixels. */
function usualHeight(width: number): number {
  return Math.round(150 + 0.25 * width);
}

/** A chart as wide as its place, with its numbers in a table that opens. */
export function Chart({
  spec,
  heightAt = usualHeight,
}: {
  readonly spec: ChartSpec;
  readonly heightAt?: (width: number) => number;
}): JSX.Element {
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const isOpen = useSignal(false);
  return (
    <div ref={ref} class="chart">
      <Drawing of={drawChart(spec, { width: width.value, height: heightAt(width.value) })} />
      <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
        <summary>The numbers</summary>
        {isOpen.value && (
          <div class="scroll" role="group" tabIndex={0} aria-label={`${spec.title}: numbers`}>
            <Drawing of={chartTable(spec)} />
          </div>
        )}
      </details>
    </div>
  );
}
