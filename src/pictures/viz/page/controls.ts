/** Action of a key or a button. */
export type Move = "first" | "back" | "play" | "forth" | "last" | "closer" | "further" | "fit" | "unselect";

/** Playback that advances steps until it is stopped. */
export interface Player {
  readonly isPlaying: () => boolean;
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Creates a player that calls `advance` with the number of steps due, once per animation frame. The button shows
 * whether it plays.
 *
 * @param rate returns the playback speed in steps per millisecond; called in every frame
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
        frame = requestAnimationFrame(tick); // scheduled first, because `advance` may stop the player
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

/** Elements of a page that show the current step: buttons, a slider and a counter. */
export interface Controls {
  readonly first: HTMLButtonElement;
  readonly back: HTMLButtonElement;
  readonly forth: HTMLButtonElement;
  readonly last: HTMLButtonElement;
  readonly slider: HTMLInputElement;
  readonly count: HTMLElement;
}

/**
 * Shows step `at` of the steps 0 … `last` in the controls. Buttons that lead nowhere are disabled. `words` is the text
 * of the counter.
 */
export function showControls(controls: Controls, at: number, last: number, words: string): void {
  controls.slider.max = String(last);
  controls.slider.value = String(at);
  controls.count.textContent = words;
  for (const button of [controls.first, controls.back]) button.disabled = at === 0;
  for (const button of [controls.forth, controls.last]) button.disabled = at >= last;
}

/**
 * Listens to keys until the signal aborts. For each key with an action that is pressed at `target`, calls `act` with
 * the action and the number of steps: 1, or 10 with Shift. Keys that the focused control needs itself are ignored.
 */
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
    if (isOn("textarea, select, [contenteditable], input:not([type=range], [type=checkbox])")) return; // these controls use the keys themselves
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
      return onControl ? undefined : "play"; // buttons and checkboxes handle the space bar themselves
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
