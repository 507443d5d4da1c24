// A direction in which the inputs move: one number per input.

/** The direction as text: `1,-0.5`. */
export function writeDirection(direction: readonly number[]): string {
  return direction.join(",");
}

/**
 * Parses a direction.
 *
 * @throws Error if a part is not a number
 */
export function readDirection(text: string): readonly number[] {
  return text.split(",").map((part) => {
    const x = part.trim() === "" ? Number.NaN : Number(part);
    if (!Number.isFinite(x)) throw new Error(`“${part}” is no number`);
    return x;
  });
}

/** Adjusts a direction to the number of inputs; missing entries are 0. */
export function directionFor(direction: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => direction[i] ?? 0);
}

/** Replaces one entry of the direction. */
export function withPart(direction: readonly number[], i: number, x: number): number[] {
  const parts = directionFor(direction, Math.max(direction.length, i + 1));
  parts[i] = x;
  return parts;
}

/** The unit direction at an angle, in degrees from the first input to the second. */
export function atAngle(degrees: number): number[] {
  const [x, y] = [Math.cos, Math.sin].map((f) => Number(f((degrees * Math.PI) / 180).toFixed(3)) + 0);
  return [x!, y!];
}

/** Angle of a direction of two inputs in integer degrees, from 0 to 359. */
export function angleOf([x = 0, y = 0]: readonly number[]): number {
  return (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360;
}
