import { DownhillError } from "../../../engine/errors/index.ts";

/**
 * Function that checks the form of a value. `path` is the path of the value in the checkpoint, such as
 * `state.history[0]`, for the message. @throws DownhillError `data` if the value has another form.
 */
export type FormCheck = (value: unknown, path: string) => void;

/** Makes a check from a predicate; `what` describes the expected form in messages. */
export function formOf(what: string, test: (value: unknown) => boolean): FormCheck {
  return (value, path) => {
    if (!test(value)) throw notOfForm(path, what);
  };
}

export const aNumber: FormCheck = /* @__PURE__ */ formOf("a number", (value) => typeof value === "number");
export const aText: FormCheck = /* @__PURE__ */ formOf("a string", (value) => typeof value === "string");
export const aCount: FormCheck = /* @__PURE__ */ formOf(
  "an integer of 0 or more",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
export const anything: FormCheck = () => {};

export function listOf(form: FormCheck): FormCheck {
  return (value, path) => {
    if (!Array.isArray(value)) throw notOfForm(path, "a list");
    value.forEach((item: unknown, i) => form(item, `${path}[${i}]`));
  };
}

/** Checks that a value is an object all of whose properties have this form. */
export function recordOf(form: FormCheck): FormCheck {
  return (value, path) => {
    for (const [key, item] of Object.entries(objectAt(value, path))) form(item, `${path}.${key}`);
  };
}

/** Checks that a value is an object whose properties have these forms. Further properties are allowed. */
export function objectOf(forms: Readonly<Record<string, FormCheck>>): FormCheck {
  return (value, path) => {
    const object = objectAt(value, path);
    for (const [key, form] of Object.entries(forms)) {
      form(Object.hasOwn(object, key) ? object[key] : undefined, `${path}.${key}`);
    }
  };
}

/** Makes a check that also accepts `null`. */
export function orNull(form: FormCheck): FormCheck {
  return (value, path) => (value === null ? undefined : form(value, path));
}

/** Makes a check that also accepts `undefined` and missing properties. */
export function orAbsent(form: FormCheck): FormCheck {
  return (value, path) => (value === undefined ? undefined : form(value, path));
}

/** Creates the error for a value that does not have the expected form. */
export function notOfForm(path: string, what: string): DownhillError {
  return new DownhillError(
    "data",
    `fit: the checkpoint is damaged, or was not written by downhill: ${path} is not ${what}.`,
  );
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw notOfForm(path, "an object");
}
