// What every live page has: its frame, and how it comes alive.
import type { ComponentChildren, ComponentType, JSX } from "preact";
import { hydrate } from "preact";
import type { PageState } from "./address.ts";
import { isAlive } from "./first-run.ts";

/** Where a page stands among others. */
export interface PageLink {
  /** Its folder, relative to the folder of the section. */
  readonly slug: string;
  readonly title: string;
  /** What it is about, in one sentence. */
  readonly summary: string;
}

/** A section of the site with live pages: the course, the playground, the examples. */
export interface Section {
  readonly title: string;
  /** What one finds there. */
  readonly claim: string;
  /** What a page of it is called before its number: “Chapter”. Left out, pages have no numbers. */
  readonly word?: string;
  /** Its pages in their order; none where the section is one page. */
  readonly pages: readonly PageLink[];
}

/** What a page consists of. */
export interface LivePage {
  readonly state: PageState;
  readonly Body: ComponentType;
  /** What must be loaded before the body can be drawn, here and when the site is built. */
  readonly prepare?: () => Promise<void>;
}

/** Tells what a link held that could not be read. */
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

/** The page inside its frame: the same in the file and in the browser. */
export function Page({
  page: { state, Body },
  children,
}: {
  readonly page: LivePage;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <Damages page={state} />
      <Body />
      {children}
    </>
  );
}

/** Brings a page to life, and has it follow its address. */
export async function start(page: LivePage): Promise<void> {
  await page.prepare?.();
  const place = document.getElementById("page");
  if (place === null) throw new Error("this document has no element #page");
  hydrate(<Page page={page} />, place);
  await page.state.follow();
  isAlive.value = true;
  document.documentElement.dataset["alive"] = "yes"; // styles and tests can tell
}
