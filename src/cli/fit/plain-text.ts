import { type PlainTarget, plainTarget } from "../shared/plain-file.ts";

/** A function in a file as a model, as written on the command line. */
export interface PlainModelText {
  readonly target: PlainTarget;
  /** The fitted column or expression of columns, if the text names one. */
  readonly left: string | undefined;
}

/** Parses `file.ts#name`, `y = file.ts#name` or `log(y) = file.ts#name`; `undefined` for a formula. */
export function plainModelText(text: string): PlainModelText | undefined {
  const [, left, rest] = /^(?:(?<left>[^=]*[^=<>!])=(?!=))?(?<rest>.*)$/su.exec(text)!;
  const target = plainTarget(rest!.trim());
  return target === undefined ? undefined : { target, left: left?.trim() };
}
