import { DownhillError, internalError } from "../errors/index.ts";
import { assertNever } from "../util/assert-never.ts";
import type { Site } from "./lower/scope.ts";
import type { PositionIndex, Region } from "./region.ts";

/**
 * The error that a call of a region ended with, in the words of who wrote the text: what was wrong, where, and that place of the text
 * under a caret line. `wanted` is the place or length that was asked for, `length` that of the axis.
 */
export function failureOf(
  region: Pick<Region, "name" | "file" | "positions">,
  site: Site,
  wanted: number,
  length: number,
): DownhillError {
  const where = placeInText(region, site.at);
  switch (site.kind) {
    case "place": {
      const axis = site.axis === undefined || site.axis === 0 ? "" : ` along axis ${site.axis}`;
      const problem = Number.isInteger(wanted)
        ? `place ${wanted} is out of range, the length${axis} is ${length}`
        : `place ${wanted} is no whole number`;
      return new DownhillError("range", `${region.name}: ${problem}${where}`);
    }
    case "length":
      return new DownhillError("range", `${region.name}: ${wanted} is no length for an array${where}`);
    case "capacity":
      return new DownhillError("oom", `${region.name}: an array of ${wanted} elements is too large${where}`);
    case "checks":
      throw internalError(`${region.name}: a call by code without checks was not made again`);
    case "throw":
      return new DownhillError(
        "thrown",
        `${site.message ?? "an error was thrown"}\n  thrown by ${region.name}${where}`,
      );
    default:
      return assertNever(site.kind, "failureOf");
  }
}

/** ` at loss.ts:3:7`, and what stands there with a line of carets below. */
function placeInText(
  { file, positions }: Pick<Region, "file" | "positions">,
  at: PositionIndex | undefined,
): string {
  const position = at === undefined ? undefined : positions[at];
  if (position === undefined) return "";
  const { line, column, text } = position;
  const [first = "", ...rest] = text.split("\n");
  const shown =
    first === "" ? "" : `\n  ${first}${rest.length > 0 ? " …" : ""}\n  ${"^".repeat(first.length)}`;
  return ` at ${file === undefined ? "" : `${file}:`}${line}:${column}${shown}`;
}
