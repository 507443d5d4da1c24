import type { Frame } from "./frame.ts";

/** What a key or a button asks for. */
export type Move = "first" | "back" | "play" | "forth" | "last" | "closer" | "further" | "fit" | "unselect";

const playEvery = 1200; // milliseconds a step

/** What steps by itself, until it is stopped. */
export interface Player {
  readonly isPlaying: () => boolean;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Calls `advance` again and again, and shows by the button whether it does. */
export function makePlayer(button: HTMLElement, advance: () => void): Player {
  let timer: number | undefined;
  const show = (text: string): void => {
    button.textContent = text;
    button.setAttribute("aria-pressed", String(timer !== undefined));
  };
  return {
    isPlaying: () => timer !== undefined,
    start() {
      timer = window.setInterval(advance, playEvery);
      show("Pause");
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      show("Play");
    },
  };
}

/** Shows where among `count` steps a trace is. */
export function showControls(frame: Frame, at: number, count: number): void {
  frame.slider.max = String(Math.max(0, count - 1));
  frame.slider.value = String(at);
  frame.count.textContent = `${at + 1} / ${count}`;
  for (const button of [frame.first, frame.back]) button.disabled = at === 0;
  for (const button of [frame.forth, frame.last]) button.disabled = at >= count - 1;
}

/** Calls `act` with what the keys pressed at `target` ask for, until the signal ends it. */
export function listenToKeys(target: EventTarget, act: (move: Move) => void, signal: AbortSignal): void {
  const listen = (event: Event): void => {
    if (!(event instanceof KeyboardEvent)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOn = (controls: string): boolean =>
      event.target instanceof Element && event.target.closest(controls) !== null;
    if (isOn("textarea, select, [contenteditable], input:not([type=range])")) return; // they have keys of their own
    const move = keyMove(event.key, isOn("button, input"));
    if (move === undefined) return;
    event.preventDefault();
    act(move);
  };
  target.addEventListener("keydown", listen, { signal });
}

function keyMove(key: string, onControl: boolean): Move | undefined {
  switch (key) {
    case "ArrowRight":
      return "forth";
    case "ArrowLeft":
      return "back";
    case "Home":
      return "first";
    case "End":
      return "last";
    case " ":
      return onControl ? undefined : "play"; // a button answers to the space bar itself
    case "Escape":
      return "unselect";
    case "+":
      return "closer";
    case "-":
      return "further";
    default:
      return undefined;
  }
}
