import { escapeText, jsonForPage } from "./markup.ts";

/** A document that is one file. */
export interface WholeDocument {
  readonly title: string;
  readonly style: string;
  /** `sha256-…` of the style, where no element has a style of its own. Left out, such styles are allowed. */
  readonly styleHash?: string;
  /** As HTML. */
  readonly body: string;
  /** Data for the scripts, as the text of the element with this id. */
  readonly data?: { readonly id: string; readonly value: unknown };
  /** What runs once the body is there, in this order. */
  readonly scripts?: readonly PageScript[];
  /** Whether scripts compile WebAssembly. Default: no. */
  readonly compiles?: boolean;
}

/** A script with its `sha256-…`; with a nonce where it is written anew for each document. */
export type PageScript = { readonly text: string } & ({ readonly hash: string } | { readonly nonce: string });

/** A document as a file: it loads nothing, and forbids itself anything that it does not hold by its content security policy. */
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
