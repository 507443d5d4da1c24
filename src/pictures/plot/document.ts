import { escapeText, jsonForPage } from "./markup.ts";

/** An HTML document in a single file. */
export interface WholeDocument {
  readonly title: string;
  readonly style: string;
  /** Hash of the style (`sha256-…`). With a hash, style attributes are forbidden; without it, they are allowed. */
  readonly styleHash?: string;
  /** The body, as HTML. */
  readonly body: string;
  /** Data for the scripts, stored as JSON in the element with this id. */
  readonly data?: { readonly id: string; readonly value: unknown };
  /** Scripts that run after the body, in this order. */
  readonly scripts?: readonly PageScript[];
  /** True if scripts compile WebAssembly, which the content security policy then allows. Default: false. */
  readonly compiles?: boolean;
}

/** A script with its hash (`sha256-…`), or with a nonce if it is generated for each document. */
export type PageScript = { readonly text: string } & ({ readonly hash: string } | { readonly nonce: string });

/** Writes a document as one file. Its content security policy forbids loading anything else. */
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

/** Adds a program to a document: Share buttons copy it as TypeScript (`programActions`). */
export function withProgram(page: string, program: string): string {
  const held = `<script type="application/json" id="program">${jsonForPage(program)}</script>`;
  return page.replace(/<\/body>\s*<\/html>\s*$/, (end) => `${held}\n${end}`);
}
