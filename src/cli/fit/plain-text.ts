import { type PlainTarget, plainTarget } from "../shared/plain-file.ts";

/** A function in a file as a model, as it was written. */
export interface PlainModelText {
  readonly target: PlainTarget;
  /** What it is to give, a column or an expression of columns, where the text says so. */
  readonly left: string | undefined;
}

/** `file.ts#name`, `y = file.ts#name` or `log(y) = file.ts#name`; `undefined` for a formula. */
export function plainModelText(text: string): PlainModelText | undefined {
  const [, left, rest] = /^(?:(?<left>[^=]*[^=<>!])=(?!=))?(?<rest>.*)$/su.exec(text)!;
  const target = plainTarget(rest!.trim());
  return target === undefined ? undefined : { target, left: left?.trim() };
}
