import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

/** @param {string} path @returns {any} */
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

// Written by site/reference.mjs; missing until `npm run api` has run once.
const reference = new URL("../api/sidebar.json", import.meta.url);
/** Sections that scripts/pages.mjs puts beside the pages, where they are written: files of their own, without VitePress. */
const live = (/** @type {string} */ text, /** @type {string} */ place, /** @type {string} */ folder) =>
  existsSync(new URL(`../../pages/${folder}/contents.ts`, import.meta.url))
    ? [{ text, link: `/${place}/`, target: "_self" }]
    : [];

export default defineConfig({
  title: "downhill",
  description: "Automatic differentiation and gradient-based optimisation for TypeScript",
  lang: "en-GB",
  base: process.env.SITE_BASE ?? "/", // site/build.mjs makes it relative
  cleanUrls: false, // a plain static server knows files only
  ignoreDeadLinks: [/^\.?\/(learn|playground|examples|race)\//], // put there after this build, and checked by site/check-links.mjs
  head: [
    ["link", { rel: "icon", href: "data:," }],
    ["meta", { name: "color-scheme", content: "light dark" }],
  ],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
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
