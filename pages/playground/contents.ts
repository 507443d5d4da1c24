import type { Section } from "../live/page.tsx";

/** The playground, which is a single page. */
export const section: Section = {
  title: "Playground",
  claim:
    "Type a function, and see its derivative come about: line by line, as a graph, as code, as a way downhill.",
  pages: [],
};
