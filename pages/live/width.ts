// The width available to a drawing.
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * Observes the width of an element in CSS pixels. Drawings are made for this width, so that their text is not scaled.
 *
 * @param initial the width before the page is displayed
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
