import { existsSync, readFileSync } from "node:fs";
import { projectAddresses } from "../../scripts/project.mjs";
import { defineConfig } from "vitepress";
import { socialCard } from "../site/social-card.mjs";

/** @param {string} path @returns {any} */
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

// Written by site/reference.mjs; missing until `npm run api` has run once.
const reference = new URL("../api/sidebar.json", import.meta.url);
/** Sections that scripts/pages.mjs puts beside the pages, where they are written: files of their own, without VitePress. */
const live = (/** @type {string} */ text, /** @type {string} */ place, /** @type {string} */ folder) =>
  existsSync(new URL(`../../pages/${folder}/contents.ts`, import.meta.url))
    ? [{ text, link: `/${place}/`, target: "_self" }]
    : [];

const description = "Automatic differentiation and gradient descent for TypeScript";
const base = process.env.SITE_BASE ?? "/"; // site/build.mjs makes it relative
const { siteUrl, repositoryUrl } = projectAddresses();

export default defineConfig({
  title: "downhill",
  description,
  lang: "en-GB",
  base,
  cleanUrls: false, // a plain static server knows files only
  ignoreDeadLinks: [/^\.?\/(learn|playground|examples|race)\//], // put there after this build, and checked by site/check-links.mjs
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}favicon.svg` }],
    ["link", { rel: "apple-touch-icon", href: `${base}apple-touch-icon.png` }],
    ["link", { rel: "manifest", href: `${base}site.webmanifest` }],
    ["meta", { name: "color-scheme", content: "light dark" }],
    ["meta", { property: "og:type", content: "website" }],
    ["meta", { property: "og:site_name", content: "downhill" }],
    ["script", { type: "module", src: `${base}offline.js` }],
  ],
  transformHead: ({ page, title, description: about }) =>
    socialCard(siteUrl, { page, title, description: about }),
  ...(siteUrl === undefined ? {} : { sitemap: { hostname: `${siteUrl}/` } }),
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
    ...(repositoryUrl === undefined
      ? {}
      : { socialLinks: [{ icon: "git", link: repositoryUrl, ariaLabel: "Sources" }] }),
    nav: [
      ...live("Learn", "learn", "course"),
      { text: "Guides", link: "/guides/five-minutes", activeMatch: "^/guides/" },
      ...live("Playground", "playground", "playground"),
      ...live("Examples", "examples", "examples"),
      { text: "Reference", link: "/api/", activeMatch: "^/api/" },
      { text: "How it works", link: "/how-it-works" },
      { text: "Speed and accuracy", link: "/speed" },
    ],
    sidebar: {
      "/api/": existsSync(reference) ? read("../api/sidebar.json") : [],
      "/": read("../sections.json"),
    },
    outline: { level: [2, 3] },
    docFooter: { prev: "Before", next: "Next" },
  },
});
