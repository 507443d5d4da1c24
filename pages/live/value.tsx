// Numbers that were computed.
import type { JSX } from "preact";
import { shortNumber } from "./fields.tsx";

/** A number with up to four digits; the element holds all of them. `of` names what it is: `gradient`. */
export function Value({ value, of }: { readonly value: number; readonly of?: string }): JSX.Element {
  return (
    <data class={of} value={String(value)}>
      {shortNumber(value)}
    </data>
  );
}
