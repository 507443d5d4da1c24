import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

// Written by typedoc; missing until `npm run api` has run once.
const sidebarFile = new URL("../api/typedoc-sidebar.json", import.meta.url);
const api = existsSync(sidebarFile) ? JSON.parse(readFileSync(sidebarFile, "utf8")) : [];

export default defineConfig({
  title: "downhill",
  description: "Automatic differentiation and gradient-based optimisation for TypeScript",
  lang: "en-GB",
  cleanUrls: true,
  themeConfig: {
    nav: [
      { text: "Start", link: "/" },
      { text: "API", link: "/api/" },
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          { text: "First steps", link: "/" },
          { text: "How it works", link: "/how-it-works" },
          { text: "Glossary", link: "/glossary" },
        ],
      },
      {
        text: "Guides",
        items: [
          { text: "What arguments may be", link: "/arguments" },
          { text: "Plain functions", link: "/plain" },
          { text: "Plain functions: set-up", link: "/plain-setup" },
          { text: "Plain functions: commands", link: "/plain-commands" },
          { text: "Random numbers", link: "/randomness" },
          { text: "Distributions", link: "/distributions" },
          { text: "Operations", link: "/ops" },
          { text: "Names of NumPy", link: "/numpy" },
          { text: "Sharp bits", link: "/sharp-bits" },
          { text: "Masks", link: "/masks" },
          { text: "Files", link: "/files" },
          { text: "Weights from Hugging Face", link: "/weights" },
          { text: "Models in ONNX", link: "/onnx" },
          { text: "Training on several processes", link: "/distributed-training" },
          { text: "Several processes", link: "/distributed" },
        ],
      },
      {
        text: "Figures",
        items: [
          { text: "Accuracy", link: "/accuracy" },
          { text: "Speed and size", link: "/speed" },
          { text: "Performance", link: "/performance" },
        ],
      },
      { text: "API", items: api },
    ],
    outline: "deep",
    search: { provider: "local" },
  },
});
