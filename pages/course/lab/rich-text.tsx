// Text of puzzles: code between backquotes, formulas between dollar signs.
import type { JSX } from "preact";
import { M } from "../../live/formula.tsx";

/** A sentence with code and formulas. */
export function RichText({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {text.split(/(`[^`]*`|\$[^$]*\$)/).map((part) => {
        if (part.startsWith("`")) return <code>{part.slice(1, -1)}</code>;
        return part.startsWith("$") ? <M>{part.slice(1, -1)}</M> : part;
      })}
    </>
  );
}

/** Paragraphs of such text. */
export function Paragraphs({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {text.split("\n\n").map((paragraph) => (
        <p>
          <RichText text={paragraph} />
        </p>
      ))}
    </>
  );
}
