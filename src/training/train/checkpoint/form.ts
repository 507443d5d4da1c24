import { DownhillError } from "../../../engine/errors/index.ts";

/** Checks that a value has some form; `path` leads to it from the outside. @throws DownhillError `data`, with the path. */
export type FormCheck = (value: unknown, path: string) => void;

/** A form that a test decides, in words. */
export function formOf(what: string, test: (value: unknown) => boolean): FormCheck {
  return (value, path) => {
    if (!test(value)) throw notOfForm(path, what);
  };
}

export const aNumber: FormCheck = /* @__PURE__ */ formOf("a number", (value) => typeof value === "number");
export const aText: FormCheck = /* @__PURE__ */ formOf("a text", (value) => typeof value === "string");
export const aCount: FormCheck = /* @__PURE__ */ formOf(
  "a whole number of 0 or more",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
export const anything: FormCheck = () => {};

export function listOf(form: FormCheck): FormCheck {
  return (value, path) => {
    if (!Array.isArray(value)) throw notOfForm(path, "a list");
    value.forEach((item: unknown, i) => form(item, `${path}[${i}]`));
  };
}

/** An object whose values have this form, whatever their names. */
export function recordOf(form: FormCheck): FormCheck {
  return (value, path) => {
    for (const [key, item] of Object.entries(objectAt(value, path))) form(item, `${path}.${key}`);
  };
}

/** An object that has these and perhaps other keys. */
export function objectOf(forms: Readonly<Record<string, FormCheck>>): FormCheck {
  return (value, path) => {
    const object = objectAt(value, path);
    for (const [key, form] of Object.entries(forms)) {
      form(Object.hasOwn(object, key) ? object[key] : undefined, `${path}.${key}`);
    }
  };
}

/** This form, or `null`. */
export function orNull(form: FormCheck): FormCheck {
  return (value, path) => (value === null ? undefined : form(value, path));
}

/** This form, or nothing at all. */
export function orAbsent(form: FormCheck): FormCheck {
  return (value, path) => (value === undefined ? undefined : form(value, path));
}

/** What is wrong with a value that has another form. */
export function notOfForm(path: string, what: string): DownhillError {
  return new DownhillError(
    "data",
    `fit: the checkpoint is damaged, or none of downhill: ${path} is not ${what}.`,
  );
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw notOfForm(path, "an object");
}
