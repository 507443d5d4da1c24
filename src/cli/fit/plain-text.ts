import { type PlainTarget, plainTarget } from "../shared/plain-file.ts";

/** A function in a file as a model, as it was written. */
export interface PlainModelText {
  readonly target: PlainTarget;
  /** The column that it is to give, where the text says so. */
  readonly column: string | undefined;
}

/** `file.ts#name`, or `y = file.ts#name`; `undefined` for a formula. */
export function plainModelText(text: string): PlainModelText | undefined {
  const [, column, rest] =
    /^\s*(?:(?<column>[\p{ID_Start}_$][\p{ID_Continue}$]*)\s*=(?!=))?(?<rest>.*)$/su.exec(text)!;
  const target = plainTarget(rest!.trim());
  return target === undefined ? undefined : { target, column };
}
