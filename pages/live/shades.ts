// Colours for heights: steps that look equally large, pale enough for lines of any colour to stand out on them.

/** A colour in Oklab, where equal distances look equal: lightness from 0 to 1, and two axes of hue. */
type Oklab = readonly [lightness: number, greenRed: number, blueYellow: number];

/** From low to high, on paper and in the dark. */
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
 * So many colours from low to high, each as a colour of CSS that follows the scheme of the page.
 *
 * @param count 2 or more
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
 * A colour as sRGB; what lies outside of it is cut off.
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
