/** Throws an error; for the default branch of an exhaustive switch, where it compiles only if all cases are handled. */
export function assertNever(value: never, where: string): never {
  throw new Error(`internal: ${where}: unexpected ${JSON.stringify(value)}. Please report this.`);
}

/**
 * Returns a value that the surrounding code guarantees to be defined; throws an internal error if it is `undefined`.
 */
export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`internal: ${what} is missing. Please report this.`);
  return value;
}
