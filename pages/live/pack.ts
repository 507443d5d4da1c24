// Encodes the state of a page for the address, compressed if that is shorter.

/** First character after `#` of a compressed address. No key starts with it. */
const mark = "~";
const format = "deflate"; // not deflate-raw, because its checksum detects damaged links

/**
 * Shortens the end of an address, `#…`. {@link unpack} reverses it. Returns the input if the browser cannot compress or
 * compression is not shorter.
 */
export async function pack(hash: string): Promise<string> {
  if (hash === "" || typeof CompressionStream === "undefined") return hash;
  const bytes = await through(new TextEncoder().encode(hash.slice(1)), new CompressionStream(format));
  const packed = `#${mark}${toBase64Url(bytes)}`;
  return packed.length < hash.length ? packed : hash;
}

/**
 * Decompresses the end of an address. Uncompressed input is returned unchanged.
 *
 * @throws Error whose message states the reason, in a form that can follow a colon
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

const most = 0x8000; // maximum number of arguments per call

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += most) text += String.fromCharCode(...bytes.subarray(i, i + most));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
