// The site: its search finds the page that teaches a term, and its pages work below any path of a server.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { root } from "./support/snippets.ts";

interface Section {
  readonly page: string;
  readonly heading: string;
  readonly url: string;
  readonly text: string;
  readonly weight?: number;
  readonly kind?: string;
}
interface Search {
  wordsIn(text: string): string[];
  indexOf(sections: readonly Section[]): object;
  search(
    index: object,
    question: string,
    most?: number,
  ): readonly { title: string; kind: string; url: string; section: number }[];
  textsOf(sections: readonly Section[]): string[];
  snippetOf(text: string, question: string, most?: number): string;
  readonly weights: Readonly<Record<string, number>>;
  sectionsOfMarkdown(text: string, url: string): Section[];
  sectionsOfHtml(html: string, url: string): Section[];
}
interface Relative {
  readonly placeholder: string;
  relativePage(html: string, path: string): string;
  relativeScript(code: string): string;
  relativeStyle(css: string, path: string): string;
}
const { indexOf, search, sectionsOfHtml, sectionsOfMarkdown, snippetOf, textsOf, weights, wordsIn } =
  (await import(join(root, "docs/site/search.mjs"))) as Search;
type Tag = readonly [name: string, attributes: Readonly<Record<string, string>>];
const { socialCard } = (await import(join(root, "docs/site/social-card.mjs"))) as {
  socialCard(
    siteUrl: string | undefined,
    given: { readonly page: string; readonly title: string; readonly description: string },
  ): readonly Tag[];
};
const { cachedFiles, writeSiteManifest } = (await import(join(root, "docs/site/offline.mjs"))) as {
  cachedFiles(folder: string): readonly { readonly url: string; readonly revision: string }[];
  writeSiteManifest(folder: string, given: { readonly description: string; readonly siteUrl?: string }): void;
};
const { placeholder, relativePage, relativeScript, relativeStyle } = (await import(
  join(root, "docs/site/relative.mjs")
)) as Relative;

describe("the search", () => {
  const pages = ["docs", "docs/guides"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md") && name !== "index.md")
      .map((name) => `${folder}/${name}`),
  );
  const sections = pages.flatMap((page) =>
    sectionsOfMarkdown(
      readFileSync(join(root, page), "utf8"),
      page.replace("docs/", "").replace(".md", ".html"),
    ).map((section) => {
      const kind = page.includes("/guides/") ? "Guide" : "Docs";
      return { ...section, kind, weight: weights[kind]! };
    }),
  );
  const index = indexOf(sections);
  const firstOf = (question: string): string => search(index, question)[0]!.url;

  test.each([
    ["gradient descent", /^guides\/five-minutes\.html#downhill|^glossary/],
    ["minibatch", /^guides\//],
    ["own csv table", /^guides\/training/],
    ["coming from PyTorch", /^guides\/from-pytorch\.html$/],
    ["standard errors of a fit", /^guides\/fitting/],
    ["gradient is NaN", /^guides\/debugging/],
    ["resume a run", /^guides\/saving/],
    ["whileLoop", /^guides\/control-flow\.html#whileloop/],
    ["content security policy", /^speed\.html#content-security-policy/],
  ])("finds %s where it is taught", (question, url) => {
    expect(firstOf(question)).toMatch(url);
  });

  test("finds while one types, in any case, and nothing for nothing", () => {
    expect(firstOf("PYTOR")).toBe("guides/from-pytorch.html");
    expect(search(index, "")).toEqual([]);
    expect(search(index, "the of and")).toEqual([]);
    expect(search(index, "zzzzqqq")).toEqual([]);
  });

  test("sections with all of the words come before those with some", () => {
    const few = indexOf([
      { page: "Sparrow", heading: "Sparrow", url: "a", text: "one sparrow, one sparrow" },
      { page: "Birds", heading: "Swift and sparrow", url: "b", text: "both" },
    ]);
    expect(search(few, "sparrow swift").map(({ url }) => url)).toEqual(["b", "a"]);
  });

  // the page for missing addresses listed six sections for "no such page"
  test("fillers find nothing next to a topic, and sections with few words of a question are left out", () => {
    const few = indexOf([
      { page: "Nodes", heading: "Nodes", url: "a", text: "no such node, and how to use my nodes" },
      { page: "Training", heading: "Training", url: "b", text: "how to train a network on a table" },
      { page: "Tables", heading: "Tables", url: "c", text: "a table" },
    ]);
    expect(search(few, "no such zebra")).toEqual([]);
    expect(search(few, "how do I train a network on my table").map(({ url }) => url)).toEqual(["b"]);
    expect(search(few, "such").map(({ url }) => url)).toEqual(["a"]);
  });

  test("one kind of page fills at most half of the results if others match", () => {
    const section = (kind: string, i: number) => ({
      page: `${kind} ${i}`,
      heading: `${kind} ${i}`,
      url: `${kind}${i}`,
      kind,
      text: "swift",
      weight: kind === "Reference" ? 2 : 1,
    });
    const kinds = Array.from({ length: 9 }, (_, i) => section(i < 7 ? "Reference" : "Course", i));
    const found = search(indexOf(kinds), "swift", 6)
      .map(({ kind }) => kind[0])
      .join("");
    expect(found).toBe("RRRCCR");
  });

  test("an address is found once, though several headings have it", () => {
    const twice = indexOf([
      { page: "Birds", heading: "Birds", url: "a", text: "swift" },
      { page: "Birds", heading: "Others", url: "a", text: "swift" },
    ]);
    expect(search(twice, "swift")).toEqual([{ title: "Birds", kind: "", url: "a", section: 0 }]);
  });

  // the course had a result "The same in ten lines"
  test("a result names its page and its heading, and of equal matches guides and reference come first", () => {
    const same = { heading: "Schedules", text: "a schedule of the learning rate" };
    const entries = (["Course", "Docs", "Reference", "Guide"] as const).map((kind) => ({
      ...same,
      page: `${kind} page`,
      url: kind,
      kind,
      weight: weights[kind]!,
    }));
    expect(search(indexOf(entries), "learning rate schedule").map(({ title }) => title)).toEqual([
      "Guide page: Schedules",
      "Reference page: Schedules",
      "Docs page: Schedules",
      "Course page: Schedules",
    ]);
  });

  test("a result for a topic has a snippet with its words", () => {
    const texts = textsOf(sections);
    for (const question of ["learning rate schedule", "standard errors", "gradient is NaN"]) {
      const [first] = search(index, question);
      const snippet = snippetOf(texts[first!.section]!, question);
      expect(snippet.length, question).toBeGreaterThan(30);
      expect(snippet.length, question).toBeLessThan(180);
      expect(snippet, question).not.toMatch(/[`|*]|\]\(/);
    }
    expect(search(index, "learning rate schedule")[0]).toMatchObject({ kind: "Guide" });
    const long = `${"word ".repeat(60)}the schedule of the learning rate ${"word ".repeat(60)}`;
    expect(snippetOf(long, "learning schedule")).toMatch(/^… .*schedule of the learning rate.* …$/);
    expect(snippetOf("Short.", "learning")).toBe("Short.");
  });

  test("takes names and words with a hyphen apart, and knows them as wholes", () => {
    expect(wordsIn("softmaxCrossEntropy of mini-batches")).toEqual([
      "softmaxcrossentropy",
      "softmax",
      "cross",
      "entropy",
      "of",
      "minibatch",
      "mini",
      "batch",
    ]);
  });

  test("the index of these pages has less than 250 KB, and each of its addresses is that of a heading", () => {
    expect(JSON.stringify(index).length).toBeLessThan(250_000);
    expect(sections.every(({ page, heading }) => page !== "" && heading !== "")).toBe(true);
  });

  test("reads pages of HTML by their headings", () => {
    const html = `<header>menu</header><h1>Batches</h1><p>One &amp; all</p><script>let x</script><h2 id="noise">Noise</h2><p>A <b>mini-batch</b>.</p>`;
    expect(sectionsOfHtml(html, "learn/batches/")).toEqual([
      { page: "Batches", heading: "Batches", url: "learn/batches/", text: "One & all" },
      { page: "Batches", heading: "Noise", url: "learn/batches/#noise", text: "A mini-batch ." },
    ]);
  });
});

describe("pages for any path", () => {
  test("scripts put texts together when they run, in literals and templates", () => {
    const code = `f("${placeholder}a/b.js",\`\${x}${placeholder}c\`,'${placeholder}');`;
    const made = relativeScript(code);
    expect(made).not.toContain(placeholder);
    const run = new Function("f", "x", made) as (f: (...all: string[]) => void, x: string) => void;
    const seen: string[][] = [];
    Object.assign(globalThis, { __siteBase: "/some/place/" });
    try {
      run((...all) => seen.push(all), "up");
    } finally {
      delete (globalThis as { __siteBase?: string }).__siteBase;
    }
    expect(seen).toEqual([["/some/place/a/b.js", "up/some/place/c", "/some/place/"]]);
  });

  test("refuses a base where no text can be put together", () => {
    expect(() => relativeScript(`// ${placeholder}\nf()`)).toThrow("no text can be put together");
  });

  test("pages and style sheets name files from where they stand", () => {
    const html = `<html><head><link href="${placeholder}assets/a.css"></head><body><a href="${placeholder}guides/fast.html#x">y</a></body></html>`;
    expect(relativePage(html, "guides/fast.html")).toContain(`href="../assets/a.css"`);
    expect(relativePage(html, "guides/fast.html")).toContain(`href="../guides/fast.html#x"`);
    expect(relativePage(html, "index.html")).toContain(`href="./assets/a.css"`);
    expect(relativeStyle(`a{background:url(${placeholder}assets/a.png)}`, "assets/style.css")).toBe(
      `a{background:url(../assets/a.png)}`,
    );
  });
});

describe("the social card of a page", () => {
  const given = { page: "guides/fast.md", title: "Making it fast", description: "Settings" };
  const contents = (tags: readonly Tag[], key: string): (string | undefined)[] =>
    tags
      .filter(([, attributes]) => attributes["property"] === key || attributes["rel"] === key)
      .map(([, attributes]) => attributes["content"] ?? attributes["href"]);

  test("has title and description, and no invented address if the site has none", () => {
    const tags = socialCard(undefined, given);
    expect(contents(tags, "og:title")).toEqual(["Making it fast"]);
    expect(contents(tags, "og:description")).toEqual(["Settings"]);
    expect(JSON.stringify(tags)).not.toContain("http");
  });

  test("has the absolute addresses of the page and of the picture", () => {
    const tags = socialCard("https://example.org/x", given);
    expect(contents(tags, "og:image")).toEqual(["https://example.org/x/card.png"]);
    expect(contents(tags, "og:url")).toEqual(["https://example.org/x/guides/fast.html"]);
    for (const [page, url] of [
      ["index.md", "https://example.org/x/"],
      ["api/nn/index.md", "https://example.org/x/api/nn/"],
    ] as const)
      expect(contents(socialCard("https://example.org/x", { ...given, page }), "canonical")).toEqual([url]);
    const picture = readFileSync(join(root, "docs/public/card.png"));
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 630]);
  });
});

describe("the files for reading offline", () => {
  const folder = mkdtempSync(join(tmpdir(), "downhill-offline-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  test("are those of the guides and the course, with a revision that follows their content", () => {
    const kept = ["assets/app.abc.js", "guides/fast.html", "home/race.js", "index.html", "learn/index.html"];
    const others = [
      "404.html",
      "api/downhill/grad.html",
      "assets/api_grad.md.js",
      "downhill-0.1.0.tgz",
      "examples/gpt/index.html",
    ];
    for (const path of [...kept, ...others]) write(path, path);
    const before = cachedFiles(folder);
    expect(before.map(({ url }) => url)).toEqual(kept);
    write("index.html", "other");
    const changed = cachedFiles(folder).filter(({ revision }, i) => revision !== before[i]!.revision);
    expect(changed.map(({ url }) => url)).toEqual(["index.html"]);
  });

  test("the manifest works below any path, and has an id only with an address of the site", () => {
    const manifest = (siteUrl?: string): Record<string, unknown> => {
      writeSiteManifest(folder, { description: "d", ...(siteUrl === undefined ? {} : { siteUrl }) });
      return JSON.parse(readFileSync(join(folder, "site.webmanifest"), "utf8")) as Record<string, unknown>;
    };
    expect(manifest()).not.toHaveProperty("id");
    expect(manifest("https://example.org/x")).toMatchObject({
      id: "https://example.org/x/",
      start_url: "./",
    });
    for (const { src } of manifest()["icons"] as { src: string }[])
      expect(existsSync(join(root, "docs/public", src))).toBe(true);
  });
});
