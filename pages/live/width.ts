// The room that a drawing has.
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * The width of an element in CSS pixels, kept up to date: drawings are made for it, and their text is never scaled.
 *
 * @param initial what it is where there is no page yet
 */
export function useWidth<E extends HTMLElement>(
  initial: number,
): { ref: RefObject<E>; width: Signal<number> } {
  const ref = useRef<E>(null);
  const width = useSignal(initial);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = (): void => {
      const found = Math.floor(element.clientWidth);
      if (found > 0) width.value = found;
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return { ref, width };
}
