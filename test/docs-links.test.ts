// Links between the pages of the repository lead to existing files and headings, and the site's sidebar lists every
// page.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const docs = [...markdownIn("docs"), ...markdownIn("docs/guides")];
const pages = [...markdownIn("."), ...docs];

/** Sections that the build of the site generates. docs/site/check-links.mjs checks the links of the built site. */
const made = /^\.?\/(learn|playground|examples|race|api)\//;

/** The pages of a folder, without its sub-folders. */
function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => normalize(join(folder, name)));
}

/** The anchors of a page's headings, as VitePress and GitHub derive them from plain words. */
function anchorsOf(page: string): Set<string> {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
        .trim()
        .replaceAll(/\s+/g, "-"),
    ),
  );
}

/** Targets of the links of a page: paths from the root of the repository, and anchors. */
function linksOf(page: string): { readonly link: string; readonly path: string; readonly anchor: string }[] {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```$|`[^`\n]*`/gms, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2]!,
  );
  return links
    .filter((link) => !/^\w+:/.test(link) && !made.test(link))
    .map((link) => {
      const [path = "", anchor = ""] = link.split("#");
      return { link, path: path === "" ? page : normalize(join(dirname(page), path)), anchor };
    });
}

describe("links of pages", () => {
  test("exist, between pages and to headings", () => {
    const all = pages.flatMap(linksOf);
    expect(all.length).toBeGreaterThan(60);
    expect(all.some(({ anchor }) => anchor !== "")).toBe(true);
  });

  test.each(pages)("%s", (page) => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) =>
        !existsSync(join(root, path)) ||
        (anchor !== "" && path.endsWith(".md") && !anchorsOf(path).has(anchor)),
    );
    expect(broken.map(({ link }) => link)).toEqual([]);
  });
});

test("the sidebar of the site has each page once, under a unique name", () => {
  const sections = JSON.parse(readFileSync(join(root, "docs/sections.json"), "utf8")) as {
    items: { text: string; link: string }[];
  }[];
  const items = sections.flatMap((section) => section.items);
  const all = docs.map((page) => `/${relative("docs", page).replace(/\.md$/, "")}`);
  expect(items.map(({ link }) => link).toSorted()).toEqual(
    all.filter((link) => link !== "/index").toSorted(),
  );
  expect(new Set(items.map(({ text }) => text)).size).toBe(items.length);
});
