/** Bytes as text in base 64. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  // a call takes so many arguments at once on every engine
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
