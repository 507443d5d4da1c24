import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

/** @param {string} path @returns {any} */
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const sections = read("../sections.json");

// Written by typedoc; missing until `npm run api` has run once.
const sidebarFile = new URL("../api/typedoc-sidebar.json", import.meta.url);
const api = existsSync(sidebarFile) ? read("../api/typedoc-sidebar.json") : [];

export default defineConfig({
  title: "downhill",
  description: "Automatic differentiation and gradient-based optimisation for TypeScript",
  lang: "en-GB",
  cleanUrls: true,
  themeConfig: {
    nav: [
      { text: "Guides", link: "/guides/five-minutes" },
      { text: "Reference", link: "/api/" },
      { text: "How it works", link: "/how-it-works" },
      { text: "Speed and accuracy", link: "/speed" },
    ],
    sidebar: { "/api/": api, "/": sections },
    outline: "deep",
    search: { provider: "local" },
  },
});
