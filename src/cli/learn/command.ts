import type { Command } from "../run.ts";

const args = {
  chapter: {
    type: "positional",
    required: false,
    valueHint: "chapter",
    description: "the chapter to begin with, by its name in the address (default: the list of chapters)",
  },
  port: { type: "string", valueHint: "N", description: "the port to serve at (default: any that is free)" },
  open: { type: "boolean", default: true, description: "tell the address only, and open no browser" },
} as const;

/** `downhill learn`: serves the course in the package to this machine only. */
export const learnCommand: Command<typeof args> = {
  args,
  async run({ chapter, port, open }, terminal) {
    const { learn } = await import("./run.ts");
    return learn({ chapter, port, opensBrowser: open }, terminal);
  },
};
