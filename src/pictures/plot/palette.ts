/** CSS font stacks: `mathFonts` for mathematics, and `plainFonts` for other text. */
export const mathFonts: string =
  '"STIX Two Text","STIX Two Math","Latin Modern Math","Cambria Math",Cambria,"Times New Roman","Liberation Serif",serif';
export const plainFonts: string =
  'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';

/**
 * Colours of runs for light and dark backgrounds. They are distinguishable with every type of colour vision, especially
 * the first four (the test simulates colour blindness). Markers and dashes distinguish runs as well.
 */
export const runPalettes: { readonly light: readonly string[]; readonly dark: readonly string[] } = {
  light: ["#0c3fb0", "#d43603", "#01926e", "#641f5c", "#987f38", "#1a2026", "#7a3300", "#c22fb0"],
  dark: ["#81a4fe", "#f2842e", "#1fe89a", "#f7abd0", "#f4d712", "#f4f5f7", "#c48a52", "#c9b8ff"],
};

/** Number of distinct run colours. */
const colourCount: number = runPalettes.light.length;

/** Colours of text, secondary text, axes, other lines, grids, the background and boxes. */
const plainColours: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  ink: ["#1f2328", "#e6edf3"],
  soft: ["#59636e", "#9198a1"],
  faint: ["#818b98", "#767e89"],
  line: ["#d1d9e0", "#30363d"],
  grid: ["#eaeef2", "#21262d"],
  paper: ["#fff", "#0d1117"],
  box: ["#f6f8fa", "#161b22"],
};

/**
 * Returns the declaration of a CSS custom property with different colours for light and dark, selected by the
 * `color-scheme` of its element.
 */
export function colourProperty(name: string, light: string, dark: string): string {
  return `--${name}:light-dark(${light},${dark})`;
}

/**
 * Declarations of the custom properties for all colours: `--ink --soft --faint --line --grid --paper --box` and
 * `--run-0` to `--run-7`. They follow the `color-scheme` of their element.
 */
export const colourProperties: string = /* @__PURE__ */ [
  ...Object.entries(plainColours).map(([name, [light, dark]]) => colourProperty(name, light, dark)),
  ...runPalettes.light.map((light, i) => colourProperty(`run-${i}`, light, runPalettes.dark[i]!)),
].join(";");

/** Returns the CSS classes of the colour of run `i`. Colours repeat after the last, with other dashes and markers. */
export function runClass(i: number): string {
  return `run run-${i % colourCount}${i < colourCount ? "" : " run-again"}`;
}

/** Style sheet of {@link runClass}: the colour as `--run`, and dashed lines. */
export const runStyle: string = /* @__PURE__ */ runPalettes.light
  .map((_, i) => `.run-${i}{--run:var(--run-${i})}`)
  .concat([4, 5, 6, 7].map((i) => `.run-${i} :is(.trail,.curve){stroke-dasharray:7 3}`))
  .concat(".run-again :is(.trail,.curve){stroke-dasharray:2 4}")
  .join("\n");
