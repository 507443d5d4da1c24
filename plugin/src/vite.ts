import { downhill } from "./index.ts";

const plugin: typeof downhill.vite = downhill.vite;

// Configurations import plugins by default.
// oxlint-disable-next-line import/no-default-export
export default plugin;
