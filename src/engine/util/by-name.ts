/** Values by name, as a Map or as a record. */
export type NamedValues<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/** Entries of named values, in their order. */
export function namedEntries<T>(named: NamedValues<T>): (readonly [string, T])[] {
  return named instanceof Map ? [...(named as ReadonlyMap<string, T>)] : Object.entries(named);
}
