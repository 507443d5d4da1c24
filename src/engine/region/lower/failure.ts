import { DownhillError, internalError } from "../../errors/index.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { ErrorSite } from "./scope.ts";
import type { PositionIndex, Region, RegionType, ThrownFormat } from "../form/region.ts";

/**
 * Builds the error that ended a call of a region. Its message contains the cause, the source position, and the source
 * line with carets. `wanted` is the requested index or length, `length` the length of the axis, and `values` are the
 * values in the message of a `throw`.
 *
 * @throws DownhillError `internal` for a failed check before a loop, because the caller must repeat such a call.
 */
export function failureOf(
  region: Pick<Region, "name" | "file" | "positions">,
  site: ErrorSite,
  wanted: number,
  length: number,
  values: readonly number[] = [],
): Error {
  const where = placeInText(region, site.at);
  switch (site.kind) {
    case "place": {
      const axis = site.axis === undefined || site.axis === 0 ? "" : ` along axis ${site.axis}`;
      const problem = Number.isInteger(wanted)
        ? `index ${wanted} is out of range, the length${axis} is ${length}`
        : `index ${wanted} is not an integer`;
      return new DownhillError("range", `${region.name}: ${problem}${where}`);
    }
    case "length":
      return new DownhillError("range", `${region.name}: ${wanted} is not a valid array length${where}`);
    case "capacity":
      return new DownhillError("oom", `${region.name}: an array of ${wanted} elements is too large${where}`);
    case "checks":
      throw internalError(`${region.name}: a call that ran without checks was not repeated`);
    case "throw":
      return thrownError(
        site,
        thrownText(site, values),
        `\n  thrown by ${region.name}${where}`,
        errorsOf.get(region.positions)?.(),
      );
    default:
      return assertNever(site.kind, "failureOf");
  }
}

/** Returns the message of a `throw` with its values. */
export function thrownText(
  { message = "an error was thrown", more = [] }: Pick<ErrorSite, "message" | "more">,
  values: readonly number[],
): string {
  return message + more.map(({ type, by, text }, i) => writtenValue(values[i]!, type, by) + text).join("");
}

/** Formats a value as JavaScript does. */
function writtenValue(value: number, type: RegionType, by?: ThrownFormat): string {
  if (by === undefined) return type === "bool" ? String(value !== 0) : String(value);
  const [method, digits] = by;
  return value[method](digits);
}

const errorClasses = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** Error classes by name. */
export type ErrorClasses = Readonly<Record<string, unknown>>;

/** Error classes of programs, by the positions of a region, which derived regions share. */
const errorsOf = new WeakMap<Region["positions"], () => ErrorClasses>();

/** Registers the error classes that the program defines for a region. */
export function provideErrors({ positions }: Pick<Region, "positions">, classes: () => ErrorClasses): void {
  errorsOf.set(positions, classes);
}

/**
 * Builds the error of a `throw`, with the position after its message. Its class is the named one if JavaScript or the
 * program defines it; else `Error` with that name. `code` is `"thrown"`, as in a `DownhillError`.
 */
export function thrownError(
  { error = "Error" }: Pick<ErrorSite, "error">,
  text: string,
  where: string,
  provided: ErrorClasses = {},
): Error {
  const own = errorClasses[error as keyof typeof errorClasses] as unknown;
  const given = Object.hasOwn(errorClasses, error) ? own : provided[error];
  if (typeof given === "function") {
    const thrown = new (given as new (text: string) => unknown)(text);
    if (thrown instanceof Error) {
      thrown.message += where;
      return "code" in thrown ? thrown : Object.assign(thrown, { code: "thrown" });
    }
  }
  const thrown = new DownhillError("thrown", text + where);
  return error === "Error" ? thrown : Object.defineProperty(thrown, "name", { value: error });
}

/** Returns ` at loss.ts:3:7`, followed by the source text and a line of carets; empty for an unknown position. */
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
