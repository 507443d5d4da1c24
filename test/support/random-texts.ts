// Random programs as `downhill explain` takes them: formulas and statements over a few inputs.
import type { Choices } from "./random-choices.ts";

const inputs = ["x", "y", "w"];
/** Smooth and defined everywhere, so that derivatives can be compared. */
const functions = ["sin", "cos", "tanh", "atan", "exp", "sigmoid", "abs", "relu"];

/** A text of one to six statements, and a value for each of its inputs. */
export function randomText(choices: Choices): { readonly text: string; readonly values: readonly number[] } {
  const names = inputs.slice(0, 1 + choices.below(inputs.length));
  const known = [...names];
  const lines = choices.below(2) === 0 ? names.map((name) => `${name} = ?`) : [];
  for (let i = choices.below(6); i > 0; i--) {
    const name = `v${i}`;
    lines.push(`${name} = ${expression(choices, known, 2)}`);
    known.push(name);
  }
  // the result reads all that no line has read, since a value that is never used is an error of a text without a name only
  lines.push(
    `${choices.below(2) === 0 ? "z = " : ""}${names.join(" + ")} + ${expression(choices, known, 3)}`,
  );
  return { text: lines.join("\n"), values: names.map(() => (choices.below(41) - 20) / 8) };
}

function expression(c: Choices, names: readonly string[], depth: number): string {
  const inner = (): string => expression(c, names, depth - 1);
  if (depth === 0) return c.below(4) === 0 ? String(1 + c.below(5)) : c.of(names);
  switch (c.below(8)) {
    case 0:
      return `${inner()} + ${inner()}`;
    case 1:
      return `(${inner()} - ${inner()})`;
    case 2:
    case 3:
      return `(${inner()}) * (${inner()})`;
    case 4:
      return `(${inner()}) / (2 + (${inner()})^2)`;
    case 5:
      return `(${inner()})^${2 + c.below(2)}`;
    case 6:
      return `where(${c.of(names)} > ${inner()}, ${inner()}, ${inner()})`;
    default: {
      const f = c.of(functions);
      return f === "exp" ? `exp(-(${inner()})^2)` : `${f}(${inner()})`;
    }
  }
}
