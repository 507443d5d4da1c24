/** Formats a value as JSON. NaN and infinities become text, because JSON has no such numbers. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, finite, indent);
}

function finite(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
