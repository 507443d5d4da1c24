/** JSON of a value. JSON has no NaN and no infinities: they become text. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, finite, indent);
}

function finite(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
