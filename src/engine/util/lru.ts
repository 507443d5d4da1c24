/** Map of at most `capacity` entries that drops the least recently used one. */
export interface Lru<K, V> {
  readonly get: (key: K) => V | undefined;
  readonly set: (key: K, value: V) => void;
  readonly size: () => number;
  /** Values from the least to the most recently used. */
  readonly values: () => readonly V[];
  readonly clear: () => void;
}

/** Creates an empty bounded map. `onEvict` receives each dropped entry. */
export function makeLru<K, V>(capacity: number, onEvict?: (key: K, value: V) => void): Lru<K, V> {
  const entries = new Map<K, V>(); // a Map keeps insertion order: the first key is the oldest
  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) {
        entries.delete(key);
        entries.set(key, value);
      }
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= capacity) return;
      const oldest = entries.entries().next();
      if (oldest.done !== true) {
        entries.delete(oldest.value[0]);
        onEvict?.(...oldest.value);
      }
    },
    size: () => entries.size,
    values: () => [...entries.values()],
    clear: () => entries.clear(),
  };
}
