// Serves the built site from a path of a loopback address, as a plain static server does: files by their names, and index.html of
// folders. It is the server of `downhill learn`.
//
// Usage: node site/serve.mjs [PATH]     PATH is where the site begins, as /some/place/; default /
import { fileURLToPath } from "node:url";
import { runModule } from "../../scripts/pages.mjs";

const dist = fileURLToPath(new URL("../.vitepress/dist/", import.meta.url));
const source = fileURLToPath(new URL("../../src/cli/learn/serve-folder.ts", import.meta.url));

/**
 * @param {string} base the path at which the site begins, with a slash at either end
 * @param {string} [folder] where the site lies
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(base, folder = dist) {
  const { serveFolder } = await runModule("serve", `export { serveFolder } from ${JSON.stringify(source)};`);
  const { address, close } = await serveFolder(folder, 0, { base });
  return { url: address, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(process.argv[2] ?? "/");
  console.log(url);
}
