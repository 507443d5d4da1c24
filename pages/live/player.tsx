// Playback of the steps of a run.
import { effect, type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { setAutomatic } from "./address.ts";
import { isAlive } from "./first-run.ts";

const speeds = [0.25, 1, 4] as const; // speed factors

interface PlayerProps {
  /** The shown step, from 0. Values above `last` stand for `last`: a page that starts at the end uses `Infinity`. */
  readonly step: Signal<number>;
  readonly last: number;
  /** Subject of the playback for screen readers: “the descent”. */
  readonly label: string;
  /** Name of one step. Default “step”. */
  readonly unit?: string;
  /** Duration at the usual speed, in seconds. Default 6. */
  readonly seconds?: number;
}

/**
 * Play and pause, single steps, a slider over all steps, and a speed. At step 0, playback starts when the drawing of
 * the figure becomes visible, unless the reader has used the player. It stops at the end and restarts from the
 * beginning. For readers who prefer reduced motion nothing plays: the player shows the last step, and its play button
 * jumps there.
 */
export function Player({ step, last, label, unit = "step", seconds = 6 }: PlayerProps): JSX.Element {
  const isPlaying = useSignal(false);
  const speed = useSignal<number>(1);
  const shown = Math.min(step.value, last);
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const isUsed = useRef(false);
  useEffect(() => {
    if (last === 0) return;
    const drawing = frame.current!.closest(".live-body")?.querySelector("svg");
    return whenVisible(drawing ?? frame.current!, () => {
      if (isUsed.current || step.peek() !== 0 || isPlaying.peek()) return;
      setAutomatic(step, true);
      if (wantsLessMotion()) step.value = last;
      else isPlaying.value = true;
    });
  }, [last === 0]);
  useEffect(() => {
    if (!isPlaying.value) return;
    const perMillisecond = (last * speed.value) / (1000 * seconds);
    const from = Math.min(step.peek(), last);
    let [request, begun] = [0, 0];
    const advance = (now: number): void => {
      if (!isPlaying.peek()) return; // stopped since the last frame
      begun ||= now;
      const next = Math.min(last, from + Math.floor((now - begun) * perMillisecond));
      step.value = next;
      if (next < last) request = requestAnimationFrame(advance);
      else isPlaying.value = false;
    };
    request = requestAnimationFrame(advance);
    return () => cancelAnimationFrame(request);
  }, [isPlaying.value, speed.value, last]);
  const go = (to: number): void => {
    isUsed.current = true;
    isPlaying.value = false;
    setAutomatic(step, false);
    step.value = Math.min(last, Math.max(0, to));
  };
  return (
    <div ref={frame} class="player" role="group" aria-label={`Play ${label}`}>
      <button
        type="button"
        aria-pressed={isPlaying.value}
        onClick={() => {
          isUsed.current = true;
          setAutomatic(step, false);
          if (!isPlaying.value && shown >= last) step.value = wantsLessMotion() ? last : 0;
          else if (!isPlaying.value && wantsLessMotion()) return go(last);
          isPlaying.value = !isPlaying.value && step.peek() < last;
        }}
      >
        {isPlaying.value ? "Pause" : "Play"}
      </button>
      <button
        type="button"
        aria-label={`One ${unit} back`}
        disabled={shown <= 0}
        onClick={() => go(shown - 1)}
      >
        ←
      </button>
      <button
        type="button"
        aria-label={`One ${unit} on`}
        disabled={shown >= last}
        onClick={() => go(shown + 1)}
      >
        →
      </button>
      <input
        type="range"
        min={0}
        max={last}
        step={1}
        value={shown}
        aria-label={`${unit} of ${label}`}
        onInput={(event) => go(event.currentTarget.valueAsNumber)}
      />
      <output>
        {unit} {shown} of {last}
      </output>
      <label class="speed" for={id}>
        speed
      </label>
      <select
        id={id}
        value={speed.value}
        onChange={(event) => (speed.value = Number(event.currentTarget.value))}
      >
        {speeds.map((times) => (
          <option value={times}>{times}×</option>
        ))}
      </select>
    </div>
  );
}

/** Calls a function once, when two fifths of an element are visible and the page is interactive. Returns a function that cancels it. */
function whenVisible(element: Element, begin: () => void): () => void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      begin();
    },
    { threshold: 0.4 },
  );
  const release = effect(() => {
    if (isAlive.value) observer.observe(element);
  });
  return () => {
    release();
    observer.disconnect();
  };
}

function wantsLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
