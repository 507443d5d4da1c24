// Serves the built site from a path below the root and follows every link of every page: to pages, files and headings. Fails with a list
// of those that lead nowhere, or out of the place where the site is served.
//
// Usage: node site/check-links.mjs     in docs/, after site/build.mjs
import { serve } from "./serve.mjs";

const { url: start, close } = await serve("/some/sub/path/");
/** @type {Map<string, Promise<{ ok: boolean, type: string, text: string }>>} */
const fetched = new Map();
/** @param {string} url */
const get = (url) => {
  const known = fetched.get(url);
  if (known !== undefined) return known;
  const answer = fetch(url).then(async (response) => {
    const type = response.headers.get("content-type") ?? "";
    return {
      ok: response.ok,
      type,
      text: /html|css/.test(type) ? await response.text() : (await response.arrayBuffer(), ""),
    };
  });
  fetched.set(url, answer);
  return answer;
};

/** @type {string[]} */
const broken = [];
const seen = new Set([start]);
const waiting = [start];
let links = 0;
for (let page = waiting.pop(); page !== undefined; page = waiting.pop()) {
  const { text, type } = await get(page);
  for (const link of linksOf(text, type)) {
    const target = new URL(link.replaceAll("&amp;", "&"), page);
    if (!/^https?:$/.test(target.protocol) || target.host !== new URL(start).host) continue;
    links++;
    const anchor = decodeURIComponent(target.hash.slice(1));
    target.hash = "";
    const answer = await get(target.href);
    const isInside = target.href.startsWith(start);
    const hasAnchor =
      anchor === "" ||
      !answer.type.includes("html") ||
      answer.text.includes(`id="${anchor}"`) ||
      /=/.test(anchor);
    if (!answer.ok || !isInside || !hasAnchor) broken.push(`${page.slice(start.length)}: ${link}`);
    else if (/html|css/.test(answer.type) && !seen.has(target.href)) {
      seen.add(target.href);
      waiting.push(target.href);
    }
  }
}
await close();
console.log(`${links} links of ${seen.size} pages and style sheets followed, ${broken.length} broken`);
for (const link of broken.slice(0, 50)) console.error(link);
process.exitCode = broken.length === 0 ? 0 : 1;

/** @param {string} text @param {string} type @returns {string[]} */
function linksOf(text, type) {
  if (type.includes("css"))
    return [...text.matchAll(/url\(["']?([^"')]+)["']?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !link.startsWith("data:"));
  const markup = text.replaceAll(
    /<(script|style)[^>]*>[^]*?<\/\1>|<!--[^]*?-->/g,
    (whole) => /^<script[^>]*>/.exec(whole)?.[0] ?? "",
  );
  return [...markup.matchAll(/\s(?:href|src)="([^"]*)"/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => link !== "" && !/^(data|mailto|javascript):/.test(link));
}
