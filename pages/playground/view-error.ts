import type { FieldName } from "./question.ts";

/** A fault of the settings of a view, and the field that shows it. */
export class ViewError extends Error {
  readonly field: FieldName;

  constructor(field: FieldName, message: string, cause?: unknown) {
    super(message, { cause });
    this.field = field;
  }
}
