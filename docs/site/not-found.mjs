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

/** A first question: the words of the address, without parts that most addresses have. @param {string} path @returns {string} */
function guessOf(path) {
  const words = decodeURIComponent(path).match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !/^(?:html?|index|pages?|docs?|site|api|guides?)$/i.test(word)).join(" ");
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
    let isGuess = true; // the question is the guess from the address, for which no results are no message
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
        field.value.trim() === "" || (isGuess && found.length === 0)
          ? ""
          : found.length === 0
            ? "Nothing was found."
            : `Results: ${found.length}`;
    };
    field.addEventListener("input", () => {
      isGuess = false;
      show();
    });
    byId("search").addEventListener("submit", (event) => event.preventDefault());
    byId("search").hidden = false;
    field.value = guessOf(location.pathname.slice(folder.length));
    show();
    return;
  }
}

void start();
