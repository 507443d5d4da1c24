import { refuseExtra } from "../../engine/errors/arguments.ts";
import { showNumber as write } from "../plot/number-text.ts";

/**
 * Formats a number for tables: at most `digits` significant digits, without trailing zeros.
 *
 * @example
 * showNumber(6.909297426825682); // "6.9093"
 * showNumber(3); // "3"
 * showNumber(0.00025); // "2.5e-4"
 */
export function showNumber(value: number, digits: number = 6): string {
  if (arguments.length > 2) refuseExtra("showNumber", arguments, 2);
  return write(value, digits);
}
