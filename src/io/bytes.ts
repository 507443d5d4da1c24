import { DownhillError } from "../errors/index.ts";

/**
 * Refuses what are no bytes, with how to come by them.
 *
 * @throws DownhillError `option`
 */
export function checkBytes(operation: string, bytes: unknown): void {
  if (Object.prototype.toString.call(bytes) === "[object Uint8Array]") return; // of other realms too
  const [got, repair] =
    bytes instanceof ArrayBuffer
      ? ["an ArrayBuffer", " Write new Uint8Array(buffer)."]
      : typeof bytes === "string"
        ? ["a text", ` For the path of a file there is ${operation}File.`]
        : [bytes === null ? "null" : typeof bytes, ""];
  throw new DownhillError("option", `${operation}: expected bytes as a Uint8Array, got ${got}.${repair}`);
}
