/** What a key or a button asks for. */
export type Move = "first" | "back" | "play" | "forth" | "last" | "closer" | "further" | "fit" | "unselect";

/** What steps by itself, until it is stopped. */
export interface Player {
  readonly isPlaying: () => boolean;
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Calls `advance` with the number of steps that are due, again and again, and shows by the button whether it does.
 *
 * @param rate steps a millisecond, asked for each time
 */
export function makePlayer(
  button: HTMLElement,
  rate: () => number,
  advance: (steps: number) => void,
): Player {
  let frame: number | undefined;
  const show = (text: string): void => {
    button.textContent = text;
    button.setAttribute("aria-pressed", String(frame !== undefined));
  };
  return {
    isPlaying: () => frame !== undefined,
    start() {
      let [time, due] = [performance.now(), 0];
      const tick = (now: number): void => {
        due += Math.max(0, now - time) * rate();
        time = now;
        const steps = Math.floor(due);
        due -= steps;
        frame = requestAnimationFrame(tick); // before what may stop it
        if (steps > 0) advance(steps);
      };
      frame = requestAnimationFrame(tick);
      show("Pause");
    },
    stop() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
      show("Play");
    },
  };
}

/** The elements that show where among steps a page is. */
export interface Controls {
  readonly first: HTMLButtonElement;
  readonly back: HTMLButtonElement;
  readonly forth: HTMLButtonElement;
  readonly last: HTMLButtonElement;
  readonly slider: HTMLInputElement;
  readonly count: HTMLElement;
}

/** Shows that a page is at a step, of those from 0 to `last`, and in which words. */
export function showControls(controls: Controls, at: number, last: number, words: string): void {
  controls.slider.max = String(last);
  controls.slider.value = String(at);
  controls.count.textContent = words;
  for (const button of [controls.first, controls.back]) button.disabled = at === 0;
  for (const button of [controls.forth, controls.last]) button.disabled = at >= last;
}

/** Calls `act` with what the keys pressed at `target` ask for, and with how many steps, until the signal ends it. */
export function listenToKeys(
  target: EventTarget,
  act: (move: Move, many: number) => void,
  signal?: AbortSignal,
): void {
  const listen = (event: Event): void => {
    if (!(event instanceof KeyboardEvent)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOn = (controls: string): boolean =>
      event.target instanceof Element && event.target.closest(controls) !== null;
    if (isOn("textarea, select, [contenteditable], input:not([type=range], [type=checkbox])")) return; // they have keys of their own
    const move = keyMove(event.key, isOn("button, input"));
    if (move === undefined) return;
    event.preventDefault();
    act(move, event.shiftKey ? 10 : 1);
  };
  target.addEventListener("keydown", listen, signal === undefined ? {} : { signal });
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
      return onControl ? undefined : "play"; // buttons and boxes answer to the space bar themselves
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
