import type { PageData } from "../page-data.ts";
import { byId } from "./dom.ts";
import { mountTrace } from "./mount.ts";

/** Starts a page that contains its data and shows only a trace, which receives all keys of the page. */
export function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  mountTrace(byId("trace"), data, { keys: document });
}
