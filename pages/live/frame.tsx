// HTML document around a live page, rendered when the site is built. It is static.
import { createHash } from "node:crypto";
import type { ComponentChildren, JSX } from "preact";
import { renderToString } from "preact-render-to-string";
import { type LivePage, Page, type PageLink, type Section, Thumbnails } from "./page.tsx";

/** Content of a document. */
export interface DocumentOf {
  readonly section: Section;
  /** The page. Omitted for the list of the section's pages. */
  readonly link?: PageLink;
  /** Interactive content of the document. */
  readonly live?: LivePage;
  /** Thumbnails of the section's pages by slug, as markup, for the list of pages. */
  readonly thumbnails?: ReadonlyMap<string, string>;
  /** URLs of the script, of preloaded modules and of style sheets, relative to the document. */
  readonly script?: string;
  readonly preloads: readonly string[];
  readonly styles: readonly string[];
  /** True if the section is part of the site and links to its other parts. Default false: it is standalone. */
  readonly isInSite?: boolean;
  /** Address of the site, for the picture of the social card. Default: the card has no picture. */
  readonly siteUrl?: string;
  /** URLs of the packages that the modules import by name, relative to the document. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** Content security policy that allows only the page's own resources. The engine compiles WebAssembly. */
function policyWith(importMap: string | undefined, isInSite: boolean): string {
  const map =
    importMap === undefined ? "" : ` 'sha256-${createHash("sha256").update(importMap).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval'${map}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "worker-src 'self'",
    "connect-src 'self'",
    ...(isInSite ? ["manifest-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** Renders a document as text. */
export function documentText(given: DocumentOf): string {
  return `<!doctype html>\n${renderToString(<Document {...given} />)}\n`;
}

function Document({
  section,
  link,
  live,
  thumbnails = new Map(),
  script,
  preloads,
  styles,
  isInSite = false,
  siteUrl,
  packages,
}: DocumentOf): JSX.Element {
  const importMap = packages === undefined ? undefined : JSON.stringify({ imports: packages });
  const title = link === undefined ? `${section.title} · downhill` : `${link.title} · downhill`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policyWith(importMap, isInSite)} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="description" content={link?.summary ?? section.claim} />
        <title>{title}</title>
        {isInSite ? (
          <SiteTags up={link === undefined ? "../" : "../../"} title={title} siteUrl={siteUrl}>
            {link?.summary ?? section.claim}
          </SiteTags>
        ) : (
          <link rel="icon" href="data:," />
        )}
        {styles.map((path) => (
          <link rel="stylesheet" href={path} />
        ))}
        {importMap !== undefined && (
          <script type="importmap" dangerouslySetInnerHTML={{ __html: importMap }} />
        )}
        {preloads.map((path) => (
          <link rel="modulepreload" href={path} />
        ))}
        {script !== undefined && <script type="module" src={script} />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the text
        </a>
        <Header section={section} here={link} isInSite={isInSite} />
        <main id="main" tabIndex={-1}>
          <Title section={section} link={link} />
          {live === undefined ? (
            <Contents section={section} thumbnails={thumbnails} />
          ) : (
            <div id="page">
              <Thumbnails.Provider value={thumbnails}>
                <Page page={live} />
              </Thumbnails.Provider>
            </div>
          )}
          {live !== undefined && (
            <noscript>
              <p class="damages">The figures show where they begin; without JavaScript they do not move.</p>
            </noscript>
          )}
          <Neighbours section={section} here={link} />
        </main>
      </body>
    </html>
  );
}

/** Tags of a page of the site: its icon, its social card, and the script that makes it readable offline. */
function SiteTags({
  up,
  title,
  siteUrl,
  children: description,
}: {
  readonly up: string;
  readonly title: string;
  readonly siteUrl: string | undefined;
  readonly children: string;
}): JSX.Element {
  return (
    <>
      <script src={`${up}theme.js`} />
      <link rel="icon" type="image/svg+xml" href={`${up}favicon.svg`} />
      <link rel="apple-touch-icon" href={`${up}apple-touch-icon.png`} />
      <link rel="manifest" href={`${up}site.webmanifest`} />
      <script type="module" src={`${up}offline.js`} />
      <meta property="og:type" content="website" />
      <meta property="og:site_name" content="downhill" />
      <meta property="og:title" content={title} />
      <meta property="og:description" content={description} />
      {siteUrl !== undefined && <meta property="og:image" content={`${siteUrl}/card.png`} />}
    </>
  );
}

function Title({
  section,
  link,
}: {
  readonly section: Section;
  readonly link: PageLink | undefined;
}): JSX.Element {
  const number = link === undefined ? 0 : section.pages.indexOf(link) + 1;
  return (
    <header class="title">
      {section.word !== undefined && number > 0 && (
        <p class="over">
          {section.word} {number}
        </p>
      )}
      <h1>{link?.title ?? section.title}</h1>
      <p class="claim">{link?.summary ?? section.claim}</p>
    </header>
  );
}

/** Parts of the site: their names and paths. */
const parts = [
  ["Learn", "learn/"],
  ["Guides", "guides/five-minutes.html"],
  ["Playground", "playground/"],
  ["Examples", "examples/"],
  ["Reference", "api/"],
] as const;

/** Links to the list of pages, to the other parts of the site, and, in a menu, to the other pages of the section. */
function Header({
  section,
  here,
  isInSite,
}: {
  readonly section: Section;
  readonly here: PageLink | undefined;
  readonly isInSite: boolean;
}): JSX.Element {
  const up = here === undefined ? "./" : "../";
  const others = isInSite ? parts.filter(([title]) => title !== section.title) : [];
  return (
    <header class="site">
      <nav aria-label="Pages">
        <span class="home">
          {isInSite ? <a href={`${up}../`}>downhill</a> : "downhill"} · <a href={up}>{section.title}</a>
        </span>
        {others.length > 0 && (
          <span class="parts">
            {others.map(([title, path]) => (
              <a href={`${up}../${path}`}>{title}</a>
            ))}
          </span>
        )}
        {section.pages.length > 0 && (
          <details>
            <summary>Contents</summary>
            <div class="menu">
              <PageList links={section.pages} isNumbered={section.word !== undefined} here={here} up={up} />
              {section.extras !== undefined && (
                <PageList links={section.extras} isNumbered={false} here={here} up={up} />
              )}
            </div>
          </details>
        )}
      </nav>
    </header>
  );
}

function PageList({
  links,
  isNumbered,
  here,
  up,
}: {
  readonly links: readonly PageLink[];
  readonly isNumbered: boolean;
  readonly here: PageLink | undefined;
  readonly up: string;
}): JSX.Element {
  const items: ComponentChildren = links.map((link) => (
    <li>
      <a href={`${up}${link.slug}/`} aria-current={link === here ? "page" : undefined}>
        {link.title}
      </a>
    </li>
  ));
  return isNumbered ? <ol>{items}</ol> : <ul>{items}</ul>;
}

function Contents({
  section: { word, pages },
  thumbnails,
}: {
  readonly section: Section;
  readonly thumbnails: ReadonlyMap<string, string>;
}): JSX.Element {
  const kind = word === undefined ? " is-plain" : "";
  return (
    <ol class={`contents${kind}${thumbnails.size > 0 ? " has-pictures" : ""}`}>
      {pages.map(({ slug, title, summary }) => (
        <li>
          <a href={`./${slug}/`}>
            <span class="plane" dangerouslySetInnerHTML={{ __html: thumbnails.get(slug) ?? "" }} />
            {title}
          </a>
          <p>{summary}</p>
        </li>
      ))}
    </ol>
  );
}

function Neighbours({
  section: { pages },
  here,
}: {
  readonly section: Section;
  readonly here: PageLink | undefined;
}): JSX.Element | null {
  const at = here === undefined ? -1 : pages.indexOf(here);
  if (at < 0) return null;
  const [before, after] = [pages[at - 1], pages[at + 1]];
  return (
    <nav class="neighbours" aria-label="Before and after">
      {before !== undefined && (
        <a rel="prev" href={`../${before.slug}/`}>
          ← {before.title}
        </a>
      )}
      {after !== undefined && (
        <a rel="next" href={`../${after.slug}/`}>
          {after.title} →
        </a>
      )}
    </nav>
  );
}
