// The script of the page for addresses that the site does not have: finds where the site begins, and searches it.
import { search, snippetOf } from "./search.mjs";

/**
 * The folders above an address, the nearest first: `/a/b/`, `/a/`, `/`.
 *
 * @param {string} path
 */
function foldersOf(path) {
  const parts = path.split("/").slice(1, -1);
  return [...parts.keys(), parts.length].toReversed().map(
    (n) =>
      `/${parts
        .slice(0, n)
        .map((part) => `${part}/`)
        .join("")}`,
  );
}

/** A file of the site as JSON; `undefined` where there is none. @param {string} address @returns {Promise<any>} */
async function read(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined; // a server that answers every address with a page, or none
  }
}

/** An element of the page. @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

async function start() {
  for (const folder of foldersOf(location.pathname)) {
    const index = await read(`${folder}search-index.json`);
    if (index?.words === undefined) continue;
    byId("home").href = folder;
    const texts = (await read(`${folder}search-texts.json`)) ?? [];
    const field = byId("question");
    const show = () => {
      const found = search(index, field.value, 8);
      byId("results").replaceChildren(
        ...found.map(({ title, url, section }) => {
          const item = document.createElement("li");
          const link = Object.assign(document.createElement("a"), { href: folder + url, textContent: title });
          const snippet = Object.assign(document.createElement("span"), {
            textContent: snippetOf(texts[section] ?? "", field.value),
          });
          item.append(link, snippet);
          return item;
        }),
      );
      byId("count").textContent =
        field.value.trim() === ""
          ? ""
          : found.length === 0
            ? "Nothing was found."
            : `Results: ${found.length}`;
    };
    field.addEventListener("input", show);
    byId("search").addEventListener("submit", (event) => event.preventDefault());
    byId("search").hidden = false;
    // the words of the address are a first guess
    const rest = decodeURIComponent(location.pathname.slice(folder.length));
    field.value = rest
      .replace(/\.html$/, "")
      .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
    show();
    return;
  }
}

void start();
