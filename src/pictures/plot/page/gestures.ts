import type { Box } from "../axes.ts";

const leastDrag = 5; // pixels; shorter movements are clicks
const leastPart = 14; // minimum drag in pixels along an axis to zoom it

/** Callbacks for pointer actions on a chart. Positions are in pixels of the drawing. */
export interface Gestures {
  readonly at: (x: number, y: number) => void;
  readonly leave: () => void;
  /** Called while a rectangle is dragged, and with `isDone` when it is released. */
  readonly part: (from: PointerPosition, to: PointerPosition, isDone: boolean) => void;
}

export interface PointerPosition {
  readonly x: number;
  readonly y: number;
}

/**
 * Listens to the pointers on a chart. A mouse or a pen selects a rectangle by dragging; a finger reads values and
 * scrolls the page.
 */
export function listenTo(pane: HTMLElement, { at, leave, part }: Gestures): void {
  let from: (PointerPosition & { readonly isMoved: boolean }) | undefined;
  const placeOf = (event: MouseEvent): PointerPosition => {
    const { left, top } = pane.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  pane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    from = { ...placeOf(event), isMoved: false };
    pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => {
    const here = placeOf(event);
    if (from === undefined) return at(here.x, here.y);
    if (!from.isMoved && Math.hypot(here.x - from.x, here.y - from.y) < leastDrag) return;
    from = { ...from, isMoved: true };
    part(from, here, false);
  });
  pane.addEventListener("pointerup", (event) => {
    const start = from;
    from = undefined;
    if (start?.isMoved === true) part(start, placeOf(event), true);
  });
  pane.addEventListener("pointercancel", () => (from = undefined));
  pane.addEventListener("pointerleave", leave);
}

/**
 * Returns the part of a plot that is selected by dragging between two positions. It covers an axis entirely if the
 * positions are close along it.
 */
export function partBetween(box: Box, from: PointerPosition, to: PointerPosition): Box {
  const within = (value: number, start: number, length: number): number =>
    Math.min(start + length, Math.max(start, value));
  const across = [within(from.x, box.x, box.width), within(to.x, box.x, box.width)];
  const down = [within(from.y, box.y, box.height), within(to.y, box.y, box.height)];
  const [width, height] = [Math.abs(across[0]! - across[1]!), Math.abs(down[0]! - down[1]!)];
  return {
    ...(width >= leastPart ? { x: Math.min(...across), width } : { x: box.x, width: box.width }),
    ...(height >= leastPart ? { y: Math.min(...down), height } : { y: box.y, height: box.height }),
  };
}
