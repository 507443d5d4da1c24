// Makes the site readable offline: writes its service worker, the script that registers it, and the manifest of the site.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Files that are cached at the first visit: what reading the guides and the course needs. */
const isCached = (/** @type {string} */ path) =>
  /^(guides|learn|assets|home)\/|^[^/]+$/.test(path) &&
  !/^assets\/api_|\.(tgz|map|png)$|^(404\.html|sw\.js|hashmap\.json)$/.test(path);

/**
 * Lists the cached files of a site with their hashes.
 *
 * @param {string} dist
 */
export function cachedFiles(dist) {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((file) => ({ file, url: file.slice(dist.length + 1).replaceAll("\\", "/") }))
    .filter(({ url }) => isCached(url))
    .toSorted((a, b) => (a.url < b.url ? -1 : 1))
    .map(({ file, url }) => {
      const content = readFileSync(file);
      return {
        url,
        revision: createHash("sha256").update(content).digest("hex").slice(0, 16),
        bytes: content.length,
      };
    });
}

/**
 * Writes `site.webmanifest`, whose addresses are relative to it.
 *
 * @param {string} dist
 * @param {{ description: string, siteUrl?: string }} given
 */
export function writeSiteManifest(dist, { description, siteUrl }) {
  const manifest = {
    ...(siteUrl === undefined ? {} : { id: `${siteUrl}/` }),
    name: "downhill",
    short_name: "downhill",
    description,
    start_url: "./",
    scope: "./",
    display: "minimal-ui",
    background_color: "#ffffff",
    theme_color: "#0c3fb0",
    icons: [
      { src: "favicon.svg", sizes: "any", type: "image/svg+xml" },
      { src: "icon-192.png", sizes: "192x192", type: "image/png", purpose: "any maskable" },
      { src: "icon-512.png", sizes: "512x512", type: "image/png", purpose: "any maskable" },
    ],
  };
  writeFileSync(`${dist}/site.webmanifest`, `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Writes the service worker, last of all files of the site.
 *
 * @param {string} dist
 * @returns {Promise<{ files: number, bytes: number }>} what it caches at the first visit
 */
export async function writeServiceWorker(dist) {
  const files = cachedFiles(dist);
  await build({
    entryPoints: [fileURLToPath(new URL("service-worker.mjs", import.meta.url))],
    outfile: `${dist}/sw.js`,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    logLevel: "error",
    define: {
      __FILES__: JSON.stringify(files.map(({ url, revision }) => ({ url, revision }))),
      "process.env.NODE_ENV": '"production"',
    },
  });
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
