// A direction in which the inputs move: a number for each of them.

/** The direction as text: `1,-0.5`. */
export function writeDirection(direction: readonly number[]): string {
  return direction.join(",");
}

/** @throws Error where a part is no number. */
export function readDirection(text: string): readonly number[] {
  return text.split(",").map((part) => {
    const x = part.trim() === "" ? Number.NaN : Number(part);
    if (!Number.isFinite(x)) throw new Error(`“${part}” is no number`);
    return x;
  });
}

/** The direction for so many inputs: those that it does not tell of stand still. */
export function directionFor(direction: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => direction[i] ?? 0);
}

/** The direction with another number in one place. */
export function withPart(direction: readonly number[], i: number, x: number): number[] {
  const parts = directionFor(direction, Math.max(direction.length, i + 1));
  parts[i] = x;
  return parts;
}

/** The direction of length 1 at an angle, in degrees from the first input to the second. */
export function atAngle(degrees: number): number[] {
  const [x, y] = [Math.cos, Math.sin].map((f) => Number(f((degrees * Math.PI) / 180).toFixed(3)) + 0);
  return [x!, y!];
}

/** The angle of a direction of two inputs in whole degrees, from 0 to 359. */
export function angleOf([x = 0, y = 0]: readonly number[]): number {
  return (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360;
}
