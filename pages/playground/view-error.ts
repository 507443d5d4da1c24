import type { FieldName } from "./question.ts";

/** What is wrong with what a view was given, and beside which field that is said. */
export class ViewError extends Error {
  readonly field: FieldName;

  constructor(field: FieldName, message: string, cause?: unknown) {
    super(message, { cause });
    this.field = field;
  }
}
