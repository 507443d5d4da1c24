// Charts in live pages.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { drawChart } from "../../src/pictures/plot/chart.ts";
import type { MountedChart } from "../../src/pictures/plot/page/mount.ts";
import { heightAt, type PictureChart } from "../../src/pictures/plot/picture.ts";
import { Drawing } from "./drawing.tsx";

export type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";

const renderedWidth = 640; // pixels: in the file, until there is a page that has a width

/**
 * A chart as wide as its place that one can touch: `mountChart` of the library. In the file it is the drawing of it, until what
 * answers to a touch is loaded: pages show their text before that.
 */
export function Chart({
  spec,
  height = [150, 0.25],
}: {
  readonly spec: ChartSpec;
  /** Its height in CSS pixels: so many, and this part of its width. */
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
  // What stands here belongs to the mounted chart from then on, so it is rendered once.
  const first = useRef<JSX.Element | null>(null);
  first.current ??= (
    <div ref={place} class="chart">
      <Drawing of={drawChart(spec, { width: renderedWidth, height: heightAt(height, renderedWidth) })} />
    </div>
  );
  return first.current;
}
