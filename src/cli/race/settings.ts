import type { Interval, Landscape, Point } from "../../pictures/landscapes/index.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import { readNumber, readPairs } from "../shared/assignments.ts";
import { optionError } from "../shared/words.ts";

/** Reads a point, one number per coordinate: `x=-1,y=2` or `-1,2`. @throws DownhillError `option` */
function readPoint(option: string, text: string, coordinates: readonly string[]): Point {
  return readEach(option, text, coordinates, (name, part) => readNumber(option, name, part));
}

/** Reads a domain, one interval per coordinate: `x=-2:2,y=-1:3` or `-2:2,-1:3`. @throws DownhillError `option` */
export function readDomain(option: string, text: string, coordinates: readonly string[]): Interval[] {
  return readEach(option, text, coordinates, (name, part): Interval => {
    const ends = part.split(":");
    if (ends.length !== 2) {
      throw optionError(
        `${option}: the interval of ${name} is written as from:to, as in ${name}=-2:2; got ${JSON.stringify(part.trim())}.`,
      );
    }
    const [from, to] = ends.map((end) => readNumber(option, name, end));
    if (from! < to!) return [from!, to!];
    throw optionError(
      `${option}: the interval of ${name} must have the lower end first, got ${part.trim()}.`,
    );
  });
}

/** Reads comma-separated numbers above 0. @throws DownhillError `option` */
export function readTolerances(option: string, text: string): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() !== "" && Number.isFinite(value) && value > 0) return value;
    throw optionError(
      `${option} must be numbers above 0 between commas, as in 1e-2,1e-4; got ${JSON.stringify(part)}.`,
    );
  });
}

function readEach<T>(
  option: string,
  text: string,
  coordinates: readonly string[],
  read: (name: string, part: string) => T,
): T[] {
  if (!text.includes("=")) {
    const parts = splitAtCommas(text);
    if (parts.length !== coordinates.length) {
      throw optionError(
        `${option} has ${parts.length} of the ${coordinates.length} coordinates ${coordinates.join(", ")}: write ${option} ${coordinates.map((name) => `${name}=…`).join(",")}.`,
      );
    }
    return parts.map((part, i) => read(coordinates[i]!, part));
  }
  const given = readPairs(option, text, { noun: "coordinate", names: coordinates }, read);
  return coordinates.map((name) => {
    if (given.has(name)) return given.get(name)!;
    throw optionError(
      `${option} has no ${name}: write ${option} ${coordinates.map((c) => `${c}=…`).join(",")}.`,
    );
  });
}

/** Applies the start and the drawn domain of the command line to a landscape. */
export function withPlaces(
  landscape: Landscape,
  { start, domain }: { readonly start: string | undefined; readonly domain: string | undefined },
): Landscape {
  const { coordinates } = landscape;
  return {
    ...landscape,
    ...(start === undefined ? {} : { start: readPoint("--start", start, coordinates) }),
    ...(domain === undefined ? {} : { domain: readDomain("--domain", domain, coordinates) }),
  };
}
