import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";

/** Checks an option that lists names of `things`, such as `only: ["w"]`. */
export function checkNames(operation: string, option: string, things: string, names: unknown): void {
  if (names === undefined) return;
  if (Array.isArray(names) && names.every((one) => typeof one === "string")) return;
  throw new DownhillError(
    "option",
    `${operation}: ${option} must be names of ${things}, as in ${option}: ["w"].`,
  );
}

/**
 * Returns the requested names in the order of `names`.
 *
 * @throws DownhillError `code`, naming `file`, for an unknown name, with the most similar one.
 */
export function chosenNames(
  names: readonly string[],
  only: readonly string[] | undefined,
  thing: string,
  file: string,
  code: "data" | "option" = "data",
): readonly string[] {
  if (only === undefined) return names;
  const keys = new Set(names);
  const missing = only.find((key) => !keys.has(key));
  const wanted = new Set(only);
  if (missing === undefined) return names.filter((key) => wanted.has(key));
  const near = didYouMean(missing, keys);
  const some = names.slice(0, 20).join(", ") + (names.length > 20 ? `, and ${names.length - 20} more` : "");
  throw new DownhillError(
    code,
    `${file}: there is no ${thing} ${JSON.stringify(missing)}.${near === "" ? ` Available: ${some}.` : near}`,
  );
}
