// Formulas in text, and code blocks.
import type { ComponentChildren, JSX } from "preact";
import { mathPieces } from "../../src/pictures/viz/math-pieces.ts";

/** A formula in a line of text, in the notation of `explain`: `<M>y' = x * sin(x)</M>`. */
export function M({ children }: { readonly children: string }): JSX.Element {
  return (
    <span class="math">
      {mathPieces(children).map(({ kind, text }) =>
        kind === "name" ? <i>{text}</i> : kind === "number" ? <span>{text}</span> : <>{text}</>,
      )}
    </span>
  );
}

/** A program. Its output is shown in the text. */
export function Code({
  children,
  label,
  isWrapped = false,
}: {
  readonly children: string;
  readonly label: string;
  /** Whether long lines wrap. Default: they scroll. */
  readonly isWrapped?: boolean;
}): JSX.Element {
  return (
    <pre class={isWrapped ? "code is-wrapped" : "code scroll"} role="group" tabIndex={0} aria-label={label}>
      <code>{children}</code>
    </pre>
  );
}

/** An aside: an optional remark. */
export function Aside({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <aside class="aside">{children}</aside>;
}
