import { escapeText, jsonForPage } from "./markup.ts";

/** An HTML document in a single file. */
export interface WholeDocument {
  readonly title: string;
  readonly style: string;
  /** `sha256-…` of the style, if no element has inline styles. Without it, inline styles are allowed. */
  readonly styleHash?: string;
  /** The body, as HTML. */
  readonly body: string;
  /** JSON data for the scripts, stored in the element with this id. */
  readonly data?: { readonly id: string; readonly value: unknown };
  /** Scripts that run in order after the body. */
  readonly scripts?: readonly PageScript[];
  /** Whether scripts compile WebAssembly. Default: false. */
  readonly compiles?: boolean;
}

/** A script with its `sha256-…` hash, or with a nonce if its text differs per document. */
export type PageScript = { readonly text: string } & ({ readonly hash: string } | { readonly nonce: string });

/**
 * Writes a document as a file. It loads nothing, and its content security policy forbids everything that it does not
 * contain.
 */
export function writeDocument({
  title,
  style,
  styleHash,
  body,
  data,
  scripts = [],
  compiles = false,
}: WholeDocument): string {
  const sources = scripts.map((script) =>
    "hash" in script ? `'${script.hash}'` : `'nonce-${script.nonce}'`,
  );
  const allowed = [...sources, ...(compiles ? ["'wasm-unsafe-eval'"] : [])];
  const policy = [
    "default-src 'none'",
    ...(allowed.length === 0 ? [] : [`script-src ${allowed.join(" ")}`]),
    `style-src '${styleHash ?? "unsafe-inline"}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    body,
    ...(data === undefined
      ? []
      : [`<script type="application/json" id="${data.id}">${jsonForPage(data.value)}</script>`]),
    ...scripts.map((script) => {
      const nonce = "nonce" in script ? ` nonce="${script.nonce}"` : "";
      return `<script${nonce}>${script.text}</script>`;
    }),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
