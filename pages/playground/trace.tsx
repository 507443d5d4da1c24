// Trace of the program: forward and reverse, line by line, next to the dependency graph.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type MountedTrace, mountTrace } from "../../src/pictures/viz/page/mount.ts";
import type { TraceMode } from "../../src/pictures/viz/page/steps.ts";
import type { PageData } from "../../src/pictures/viz/page-data.ts";
import { M } from "../live/formula.tsx";
import type { Shown } from "./question.ts";
import { mode, step } from "./state.ts";

function modeFrom(text: string): TraceMode {
  const pass = /^forward(?<pass>\d+)$/.exec(text)?.groups?.["pass"];
  return pass === undefined ? { kind: "reverse" } : { kind: "forward", pass: Number(pass) };
}

function textOf(shown: TraceMode): string {
  return shown.kind === "reverse" ? "reverse" : `forward${shown.pass}`;
}

/**
 * While values are dragged, each drawing is followed by a pause of this multiple of its duration, so that the page
 * responds.
 */
const restsFor = 3;

/** The trace, at the mode and step of the page's state. */
export function Trace({ shown: { data } }: { readonly shown: Shown & { view: "trace" } }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedTrace | undefined>(undefined);
  const drawn = useRef(data);
  const rested = useRef(-Infinity); // earliest time of the next drawing

  useEffect(() => {
    const trace = mountTrace(place.current!, data, {
      mode: modeFrom(mode.peek()),
      ...(step.peek() < 0 ? {} : { step: step.peek() }),
      onStep: (state) => {
        mode.value = textOf(state.mode);
        step.value = state.step === state.stepCount - 1 ? -1 : state.step;
      },
    });
    mounted.current = trace;
    return () => trace.destroy();
  }, []);
  useEffect(() => {
    if (drawn.current === data) return undefined;
    const update = (): void => {
      drawn.current = data;
      const begun = performance.now();
      mounted.current?.update(data);
      const took = performance.now() - begun;
      rested.current = begun + (1 + restsFor) * took;
    };
    const wait = rested.current - performance.now();
    if (wait <= 0) {
      update();
      return undefined;
    }
    const timer = setTimeout(update, wait);
    return () => clearTimeout(timer);
  }, [data]);
  // The address changed these values; changes made by the trace itself are already applied.
  useEffect(() => mounted.current?.setMode(modeFrom(mode.value)), [mode.value]);
  useEffect(() => mounted.current?.goTo(step.value < 0 ? Infinity : step.value), [step.value]);

  return (
    <div ref={place} class="trace-place">
      <Program data={data} />
    </div>
  );
}

/** Content of the page before the trace is interactive, and without scripts. */
function Program({ data: { lines, gradient } }: { readonly data: PageData }): JSX.Element {
  return (
    <table class="plain">
      <tbody>
        {lines.map(({ left, right, value }) => (
          <tr>
            <th scope="row">
              <M>{left}</M>
            </th>
            <td>
              <M>{right}</M>
            </td>
            <td>{value}</td>
          </tr>
        ))}
        {gradient.map(({ name, value }) => (
          <tr>
            <th scope="row">
              <M>{name}</M>
            </th>
            <td />
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
