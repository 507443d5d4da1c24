import type { Section } from "../live/page.tsx";

/** One page: a race whose reader may change everything. `downhill race --out` writes it as a file of its own. */
export const section: Section = {
  title: "Race",
  claim: "Optimisers on a landscape. Click for a start, drag rates, add an optimiser, change the formula.",
  pages: [],
};
