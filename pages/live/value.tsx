// Computed numbers.
import type { JSX } from "preact";
import { shortNumber } from "./fields.tsx";

/** A number shown with up to four digits; the element contains all of them. `of` names the quantity: `gradient`. */
export function Value({ value, of }: { readonly value: number; readonly of?: string }): JSX.Element {
  return (
    <data class={of} value={String(value)}>
      {shortNumber(value)}
    </data>
  );
}
