import { describe, expect, test } from "vitest";
import { markerPath } from "./markers.ts";
import { runClass, runPalettes } from "./palette.ts";

type Triple = readonly [number, number, number];

/** Linear RGB of a colour `#rrggbb`. */
function linear(colour: string): Triple {
  const part = (from: number): number => {
    const c = parseInt(colour.slice(from, from + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function apply(matrix: readonly Triple[], [r, g, b]: Triple): Triple {
  const row = ([x, y, z]: Triple): number => Math.min(1, Math.max(0, x * r + y * g + z * b));
  return [row(matrix[0]!), row(matrix[1]!), row(matrix[2]!)];
}

/** Simulation of colour vision in linear RGB: Machado, Oliveira, Fernandes, IEEE TVCG 15, 2009, severity 1. */
const eyes: Readonly<Record<string, readonly Triple[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIELAB coordinates for D65. */
function lab([r, g, b]: Triple): Triple {
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 4 / 29);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function luminance(colour: string): number {
  const [r, g, b] = linear(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const papers = { light: "#ffffff", dark: "#0d1117" } as const;

describe.each(["light", "dark"] as const)("the %s colours of runs", (scheme) => {
  const colours = runPalettes[scheme];

  test.each(Object.keys(eyes))("are distinguishable with %s colour vision", (kind) => {
    const seen = colours.map((colour) => lab(apply(eyes[kind]!, linear(colour))));
    for (let i = 0; i < seen.length; i++) {
      for (let j = i + 1; j < seen.length; j++) {
        const apart = Math.hypot(...seen[i]!.map((x, k) => x - seen[j]![k]!));
        // A difference of 2.3 is just noticeable side by side. The first four colours are drawn without dashes.
        expect(apart, `${colours[i]} and ${colours[j]}`).toBeGreaterThan(j < 4 ? 24 : 12);
      }
    }
  });

  test("contrast with the background by at least 3 to 1", () => {
    for (const colour of colours) {
      const [bright, dim] = [luminance(colour), luminance(papers[scheme])].sort((a, b) => b - a);
      expect((bright! + 0.05) / (dim! + 0.05), colour).toBeGreaterThan(3);
    }
  });
});

test("runs beyond the number of colours have other dashes and markers", () => {
  expect(runClass(8)).toBe("run run-0 run-again");
  expect(markerPath(8, 5)).not.toBe(markerPath(0, 5));
});
