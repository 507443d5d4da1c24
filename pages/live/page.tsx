// Common frame of the live pages, and their start in the browser.
import {
  type ComponentChildren,
  type ComponentType,
  type Context,
  createContext,
  hydrate,
  type JSX,
} from "preact";
import type { PageState } from "./address.ts";
import { isAlive } from "./first-run.ts";
import { loadIslands } from "./island.tsx";
import { PageProgram } from "./share.tsx";

/** Entry of a page in its section. */
export interface PageLink {
  /** Folder of the page, relative to the folder of the section. */
  readonly slug: string;
  readonly title: string;
  /** Subject of the page, in one sentence. */
  readonly summary: string;
  /** Time that the page takes, in minutes. */
  readonly minutes?: number;
}

/** A section of the site with live pages: the course, the playground, the examples. */
export interface Section {
  readonly title: string;
  /** Summary of the section. */
  readonly claim: string;
  /** Word before the number of a page: “Chapter”. Without it, pages have no numbers. */
  readonly word?: string;
  /** Pages in order. Empty if the section is a single page. */
  readonly pages: readonly PageLink[];
  /** Pages about the section, without numbers. Lists show them after the others. */
  readonly extras?: readonly PageLink[];
}

/** Thumbnails of the section's pages by slug, as markup. Empty in the browser, where the file has them already. */
export const Thumbnails: Context<ReadonlyMap<string, string>> = createContext<ReadonlyMap<string, string>>(
  new Map(),
);

/** Definition of a live page. */
export interface LivePage {
  readonly state: PageState;
  readonly Body: ComponentType;
  /** Loads what the body needs, in the browser and when the site is built. */
  readonly prepare?: () => Promise<void>;
  /** Loads what only the file needs, when the site is built: the islands of the page. */
  readonly prerender?: () => Promise<void>;
  /** Returns the program of the page as TypeScript. Figures without a program of their own share it. */
  readonly program?: () => Promise<string>;
}

/** Messages about parts of a link that could not be read. */
export function Damages({ page }: { readonly page: PageState }): JSX.Element | null {
  const { value } = page.damages;
  if (value.length === 0) return null;
  return (
    <div class="damages" role="alert">
      {value.map((problem) => (
        <p>{problem}</p>
      ))}
    </div>
  );
}

/** The page inside its frame. Identical in the file and in the browser. */
export function Page({
  page: { state, Body, program },
  children,
}: {
  readonly page: LivePage;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <PageProgram.Provider value={program}>
      <Damages page={state} />
      <Body />
      {children}
    </PageProgram.Provider>
  );
}

/** Hydrates a page and connects it to its address. */
export async function start(page: LivePage): Promise<void> {
  await page.prepare?.();
  const place = document.getElementById("page");
  if (place === null) throw new Error("this document has no element #page");
  hydrate(<Page page={page} />, place);
  await page.state.follow();
  isAlive.value = true;
  await loadIslands();
  document.documentElement.dataset["alive"] = "yes"; // for styles and tests
}
