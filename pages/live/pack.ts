// The state of a page as the end of an address: as it is, or compressed where that is shorter.

/** What an address begins with, behind `#`, where the rest is compressed. No name of a value begins with it. */
const mark = "~";
const format = "deflate"; // not deflate-raw: its sum tells a damaged link from a whole one

/**
 * The end of an address, `#…`, as short as it can be made: what {@link unpack} gives back. Where the browser cannot compress, it is
 * what was given.
 */
export async function pack(hash: string): Promise<string> {
  if (hash === "" || typeof CompressionStream === "undefined") return hash;
  const bytes = await through(new TextEncoder().encode(hash.slice(1)), new CompressionStream(format));
  const packed = `#${mark}${toBase64Url(bytes)}`;
  return packed.length < hash.length ? packed : hash;
}

/**
 * What was packed; an address that is not packed as it is.
 *
 * @throws Error that says, to follow a colon, why it cannot be read.
 */
export async function unpack(hash: string): Promise<string> {
  if (!hash.startsWith(`#${mark}`)) return hash;
  if (typeof DecompressionStream === "undefined")
    throw new Error("this browser cannot read compressed links");
  try {
    const bytes = await through(fromBase64Url(hash.slice(2)), new DecompressionStream(format));
    return `#${new TextDecoder("utf-8", { fatal: true }).decode(bytes)}`;
  } catch (error) {
    throw new Error("a part of it is missing or was changed", { cause: error });
  }
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

const most = 0x8000; // arguments of one call

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += most) text += String.fromCharCode(...bytes.subarray(i, i + most));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
