// Charts in live pages.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { drawChart } from "../../src/pictures/plot/chart.ts";
import type { MountedChart } from "../../src/pictures/plot/page/mount.ts";
import { heightAt, type PictureChart } from "../../src/pictures/plot/picture.ts";
import { Drawing } from "./drawing.tsx";

export type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";

const renderedWidth = 640; // pixels; width of the drawing in the file, before the page has a width

/**
 * An interactive chart with the width of its container (`mountChart` of the library). The HTML file contains its
 * drawing, which stays until the script of the chart is loaded.
 */
export function Chart({
  spec,
  height = [150, 0.25],
}: {
  readonly spec: ChartSpec;
  /** Height: a number of CSS pixels plus a fraction of the width. */
  readonly height?: PictureChart["height"];
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedChart | null>(null);
  const latest = useRef(spec);
  useEffect(() => {
    let isGone = false;
    void import("../../src/pictures/plot/page/mount.ts").then(({ mountChart }) => {
      if (!isGone) mounted.current = mountChart(place.current!, latest.current, { height });
    });
    return () => {
      isGone = true;
      mounted.current?.destroy();
    };
  }, []);
  useEffect(() => {
    latest.current = spec;
    mounted.current?.update(spec);
  }, [spec]);
  // The mounted chart replaces these nodes, so they are rendered only once.
  const first = useRef<JSX.Element | null>(null);
  first.current ??= (
    <div ref={place} class="chart">
      <Drawing of={drawChart(spec, { width: renderedWidth, height: heightAt(height, renderedWidth) })} />
    </div>
  );
  return first.current;
}
