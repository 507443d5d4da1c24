import type { PlainForm } from "./form.ts";

/** Prefix of a number that JSON cannot represent. */
const marker = "\u0000";

/**
 * Converts a form to a JavaScript expression, for modules that build tools generate. It is JSON except for −0, NaN and
 * infinities.
 */
export function formText(form: PlainForm): string {
  const json = JSON.stringify(form, (_, value: unknown) => {
    if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
    return `${marker}${Object.is(value, -0) ? "-0" : value}`;
  });
  return json
    .replace(/"\\u0000(-?\w+)"/g, "$1")
    .replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
}
