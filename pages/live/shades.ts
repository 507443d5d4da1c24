// Colours for heights: perceptually equal steps, pale enough for lines of any colour to be visible on them.

/** A colour in Oklab, a perceptually uniform space: lightness from 0 to 1, and two axes of hue. */
type Oklab = readonly [lightness: number, greenRed: number, blueYellow: number];

/** Colours of the lowest and highest value, in light and dark mode. */
const ends: Readonly<Record<"light" | "dark", readonly [low: Oklab, high: Oklab]>> = {
  light: [
    [0.985, -0.002, 0.012],
    [0.76, -0.02, -0.062],
  ],
  dark: [
    [0.19, 0, -0.01],
    [0.44, -0.02, -0.075],
  ],
};

/**
 * The given number of colours from low to high, each as a CSS colour that follows the scheme of the page.
 *
 * @param count number of colours, at least 2
 */
export function shades(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const [light, dark] = (["light", "dark"] as const).map((scheme) => {
      const [low, high] = ends[scheme];
      return hex(low.map((from, k) => from + ((high[k]! - from) * i) / (count - 1)) as unknown as Oklab);
    });
    return `light-dark(${light!},${dark!})`;
  });
}

/**
 * Converts a colour to sRGB. Colours outside the gamut are clipped.
 *
 * @see Ottosson, A perceptual color space for image processing, 2020.
 */
function hex([lightness, a, b]: Oklab): string {
  const [l, m, s] = [
    lightness + 0.3963377774 * a + 0.2158037573 * b,
    lightness - 0.1055613458 * a - 0.0638541728 * b,
    lightness - 0.0894841775 * a - 1.291485548 * b,
  ].map((root) => root ** 3) as [number, number, number];
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const bytes = linear.map((x) => {
    const within = Math.min(1, Math.max(0, x));
    const shown = within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055;
    return Math.round(255 * shown)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${bytes.join("")}`;
}
