import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";

/** Whether bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  if (arguments.length > 1) refuseExtra("isGzip", arguments, 1);
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The bytes that a gzip file holds; other bytes as they are.
 *
 * By the platform's `DecompressionStream`, which Node and browsers have.
 *
 * @throws DownhillError `data` if the file is cut short or damaged.
 */
export async function gunzip(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (arguments.length > 2) refuseExtra("gunzip", arguments, 2);
  if (!isGzip(bytes)) return bytes;
  const unpacked = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (cause) {
    // engines word the cause differently, or not at all
    throw new DownhillError(
      "data",
      `${name}: the gzip file is damaged or cut short. Fetch or copy it again.`,
      {
        cause,
      },
    );
  }
}
