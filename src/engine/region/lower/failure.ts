import { DownhillError, internalError } from "../../errors/index.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { Site } from "./scope.ts";
import type { PositionIndex, Region, RegionType, ThrownFormat } from "../form/region.ts";

/**
 * The error that a call of a region ended with: the cause, the position in the source, and that line with carets. `wanted` is the
 * index or length that was requested, `length` that of the axis, `values` are those in the text of a `throw`.
 */
export function failureOf(
  region: Pick<Region, "name" | "file" | "positions">,
  site: Site,
  wanted: number,
  length: number,
  values: readonly number[] = [],
): Error {
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

/** The text of a `throw` with its values. */
export function thrownText(
  { message = "an error was thrown", more = [] }: Pick<Site, "message" | "more">,
  values: readonly number[],
): string {
  return message + more.map(({ type, by, text }, i) => writtenValue(values[i]!, type, by) + text).join("");
}

/** A value as JavaScript writes it. */
function writtenValue(value: number, type: RegionType, by?: ThrownFormat): string {
  if (by === undefined) return type === "bool" ? String(value !== 0) : String(value);
  const [method, digits] = by;
  return value[method](digits);
}

const errorClasses = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** Classes of errors by their names. */
export type ErrorClasses = Readonly<Record<string, unknown>>;

/** Classes that programs define, by the positions of a region, which all that is derived of it shares. */
const errorsOf = new WeakMap<Region["positions"], () => ErrorClasses>();

/** Gives a region the classes of the errors that it throws, which the program defines. */
export function provideErrors({ positions }: Pick<Region, "positions">, classes: () => ErrorClasses): void {
  errorsOf.set(positions, classes);
}

/**
 * The error that the text throws, with a position behind its text. It is of the class that the text names, if that is one of JavaScript or
 * one that the program has provided; else it is an `Error` with the name. `code` is `"thrown"`, as of a `DownhillError`.
 */
export function thrownError(
  { error = "Error" }: Pick<Site, "error">,
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
