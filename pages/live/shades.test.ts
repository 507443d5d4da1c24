import { expect, test } from "vitest";
import { shades } from "./shades.ts";

/** Oklab lightness of an sRGB colour. */
function lightness(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const x = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const cones = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map(Math.cbrt);
  return 0.2104542553 * cones[0]! + 0.793617785 * cones[1]! - 0.0040720468 * cones[2]!;
}

test.each([0, 1])("neighbouring shades differ by equal steps of lightness (scheme %d)", (scheme) => {
  const colours = shades(12).map((pair) => pair.match(/#[0-9a-f]{6}/g)![scheme]!);
  const steps = colours.slice(1).map((colour, i) => lightness(colour) - lightness(colours[i]!));
  const whole = lightness(colours.at(-1)!) - lightness(colours[0]!);
  expect(Math.abs(whole)).toBeGreaterThan(0.2);
  // Bytes round by 1/510, a tenth of a step.
  for (const step of steps) expect(step / (whole / 11)).toBeCloseTo(1, 0);
});
