// The service worker of the site. Pages come from the network while there is one, so that they are up to date. Otherwise they come from
// its caches. These contain the guides and the course from the first visit on, and other pages once they were visited.
import { clientsClaim } from "workbox-core";
import { cleanupOutdatedCaches, matchPrecache, precache } from "workbox-precaching";
import { registerRoute } from "workbox-routing";
import { CacheFirst, NetworkFirst } from "workbox-strategies";

/** Files for reading offline, with their hashes. Defined by the build. @type {{ url: string, revision: string }[]} */
const files = __FILES__;
const patience = 4; // seconds until a cached page is shown instead

void self.skipWaiting();
clientsClaim();
cleanupOutdatedCaches();
precache(files);

/** The precached file of an address. @param {string} address */
async function precached(address) {
  const url = new URL(address);
  url.search = url.hash = "";
  if (url.pathname.endsWith("/")) url.pathname += "index.html";
  return matchPrecache(url.href);
}

/** A page that says that another one was not saved. @param {Request} request */
function missing(request) {
  if (request.mode !== "navigate") return undefined;
  const text = `<!doctype html><html lang="en-GB"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Offline | downhill</title>
<body style="max-width:40rem;margin:12vh auto;padding:0 1.25rem;font:16px/1.6 system-ui,sans-serif">
<h1>This page is not saved for reading offline</h1>
<p>The guides, the course and the pages that you have visited are. <a href="${self.registration.scope}">Go to the start page</a></p>`;
  return new Response(text, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}

const isOurs = (/** @type {URL} */ url) =>
  url.href.startsWith(self.registration.scope) && !url.pathname.endsWith(".tgz");

// The names of these files contain their hashes.
const hashed = new CacheFirst({ cacheName: "assets" });
registerRoute(
  ({ url }) => isOurs(url) && /\/assets\/[^/]*[.-][\w-]{8}(\.lean)?\.\w+$/.test(url.pathname),
  async (options) => (await precached(options.request.url)) ?? hashed.handle(options),
);
registerRoute(
  ({ url }) => isOurs(url),
  new NetworkFirst({
    cacheName: "pages",
    networkTimeoutSeconds: patience,
    plugins: [{ handlerDidError: async ({ request }) => (await precached(request.url)) ?? missing(request) }],
  }),
);
