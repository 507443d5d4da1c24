const constants: ReadonlyMap<number, string> = new Map([
  [Math.PI, "π"],
  [-Math.PI, "-π"],
  [Math.E, "e"],
  [Math.LN2, "ln 2"],
  [Math.LN10, "ln 10"],
  [2 / Math.sqrt(Math.PI), "2/√π"],
]);

/**
 * Formats a number for tables: at most `digits` significant digits, without trailing zeros. Integers below 10⁹ are
 * written in full.
 */
export function showNumber(value: number, digits: number = 6): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value); // also −0, as 0
  const text = Math.abs(value) < 1e-3 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "")}`;
}

/** Formats a number like {@link showNumber}, with minus signs instead of hyphens: `−1.5e−4`. */
export function typesetNumber(value: number, digits?: number): string {
  return showNumber(value, digits).replaceAll("-", "−");
}

/** Formats a constant of a program for formulas. Well-known constants become symbols, such as `π` or `ln 2`. */
export function showConstant(value: number): string {
  return constants.get(value) ?? showNumber(value, 8);
}
