/** Default branch of an exhaustive switch; compiles only if no case is left. */
export function assertNever(value: never, where: string): never {
  throw new Error(`internal: ${where}: unexpected ${JSON.stringify(value)}. Please report this.`);
}

/** Removes `undefined` from a type where the surrounding code guarantees a value. */
export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`internal: ${what} is missing. Please report this.`);
  return value;
}
