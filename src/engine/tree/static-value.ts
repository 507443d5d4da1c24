/**
 * Immutable data that is part of the structure of a tree, like a string: transforms pass it unchanged, and a compiled
 * function is compiled once per value. Structures compare these objects by identity, so a subclass must return one
 * object per content.
 */
export abstract class StaticValue {
  /** Identifies the content: different objects have different keys. */
  abstract readonly key: string;

  /** Short description for error messages. */
  abstract toString(): string;

  /** The key, so that equal structures have equal JSON texts. */
  toJSON(): string {
    return this.key;
  }
}
