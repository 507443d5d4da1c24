// Mathematics in the text, and code.
import type { ComponentChildren, JSX } from "preact";
import { mathPieces } from "../../src/pictures/viz/math-pieces.ts";

/** A formula in a line of text, as `explain` sets it: `<M>y' = x * sin(x)</M>`. */
export function M({ children }: { readonly children: string }): JSX.Element {
  return (
    <span class="math">
      {mathPieces(children).map(({ kind, text }) =>
        kind === "name" ? <i>{text}</i> : kind === "number" ? <span>{text}</span> : <>{text}</>,
      )}
    </span>
  );
}

/** A program; what it prints is part of the text. */
export function Code({
  children,
  label,
  isWrapped = false,
}: {
  readonly children: string;
  readonly label: string;
  /** Whether long lines go on below; else they scroll. */
  readonly isWrapped?: boolean;
}): JSX.Element {
  return (
    <pre class={isWrapped ? "code is-wrapped" : "code scroll"} role="group" tabIndex={0} aria-label={label}>
      <code>{children}</code>
    </pre>
  );
}

/** An aside: a remark that can be left out. */
export function Aside({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <aside class="aside">{children}</aside>;
}
