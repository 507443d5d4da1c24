import type { SourceLoop } from "../groups.ts";
import { make } from "./dom.ts";

/** Controls that choose the shown iteration of each loop. */
export interface LoopChoice {
  readonly elements: readonly HTMLElement[];
  show(shown: ReadonlyMap<string, number>): void;
}

/** Creates the controls of each loop: its index, the shown value, and buttons for the previous and next iteration. */
export function makeLoopChoice(
  loops: readonly SourceLoop[],
  choose: (loop: string, value: number) => void,
): LoopChoice {
  const choices = loops.map((loop) => {
    const { label, values } = loop;
    const field = make("input", {
      type: "number",
      min: String(values[0] ?? 0),
      max: String(values.at(-1) ?? 0),
      "aria-label": `Iteration of ${label}`,
    });
    const goTo = (value: number): void => {
      const nearest = values.reduce((best, other) =>
        Math.abs(other - value) < Math.abs(best - value) ? other : best,
      );
      choose(loop.loop, nearest);
      field.value = String(nearest);
    };
    const beside = (by: number): number =>
      values[Math.max(0, values.indexOf(Number(field.value)) + by)] ?? values.at(-1) ?? 0;
    const button = (text: string, words: string, by: number): HTMLElement => {
      const made = make(
        "button",
        { type: "button", "aria-label": `${words} of ${label}`, title: words },
        text,
      );
      made.addEventListener("click", () => goTo(beside(by)));
      return made;
    };
    field.addEventListener("change", () => goTo(Number(field.value)));
    const last = values.at(-1) ?? 0;
    const element = make(
      "span",
      { class: "loop" },
      make("i", {}, label),
      " =",
      button("‹", "The iteration before", -1),
      field,
      button("›", "The iteration after", 1),
      make("span", { class: "range" }, `of ${values[0] ?? 0} … ${last}`),
    );
    return { loop, field, element };
  });
  return {
    elements: choices.map(({ element }) => element),
    show(shown) {
      for (const { loop, field } of choices) field.value = String(shown.get(loop.loop) ?? 0);
    },
  };
}
