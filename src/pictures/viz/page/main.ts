import type { PageData } from "../page-data.ts";
import { byId } from "./dom.ts";
import { mountTrace } from "./mount.ts";

/** Brings a page to life that carries its data: the trace is all that it holds, and has all of its keys. */
export function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  mountTrace(byId("trace"), data, { keys: document });
}
