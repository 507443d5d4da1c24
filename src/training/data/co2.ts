import { refuseExtra } from "../../engine/errors/arguments.ts";
import { co2Lines } from "./co2.generated.ts";

/** Monthly means of carbon dioxide in the air. */
export interface Co2 {
  /** Months in the form `1958-03`. */
  readonly month: readonly string[];
  /** Months as decimal years: March 1958 is 1958 + 2/12. */
  readonly year: Float64Array;
  /** Concentration in parts per million. */
  readonly co2: Float64Array;
  /** Concentration in parts per million without the yearly cycle, as published by the source. */
  readonly adjusted: Float64Array;
  readonly count: number;
  /** Months between the first and the last without a measurement. */
  readonly gaps: readonly string[];
  /** Source of the series, and its licence. */
  readonly provenance: string;
}

/**
 * Returns the carbon dioxide series of Mauna Loa, 741 months from March 1958 to April 2020, with a trend and a yearly
 * cycle. The five months without a measurement are listed in `gaps`.
 *
 * @example
 * const { year, co2: ppm, count, gaps } = co2();
 * [count, year[0], ppm[0]]; // [741, 1958.1666666666667, 315.7]
 * gaps; // ["1958-06", "1958-10", "1964-02", "1964-03", "1964-04"]
 */
export function co2(): Co2 {
  if (arguments.length > 0) refuseExtra("co2", arguments, 0);
  const month: string[] = [];
  const gaps: string[] = [];
  const year: number[] = [];
  const values: number[] = [];
  const adjusted: number[] = [];
  co2Lines.split("\n").forEach((line, i) => {
    const at = 1958 * 12 + 2 + i; // months since the year 0
    const name = `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
    const [value, without] = line.split(",");
    if (value === undefined || without === undefined) {
      gaps.push(name);
      return;
    }
    month.push(name);
    year.push(at / 12);
    values.push(Number(value));
    adjusted.push(Number(without));
  });
  return {
    month,
    year: Float64Array.from(year),
    co2: Float64Array.from(values),
    adjusted: Float64Array.from(adjusted),
    count: month.length,
    gaps,
    provenance:
      "Atmospheric CO2 at Mauna Loa Observatory by C. D. Keeling et al., Scripps CO2 Program, " +
      "https://scrippsco2.ucsd.edu, CC BY 4.0.",
  };
}
