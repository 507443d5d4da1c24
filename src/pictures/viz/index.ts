import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";

export type { Graph, GraphNode } from "./graph.ts";
export { graphOf, showValue } from "./graph.ts";
export { showNumber } from "./show-number.ts";
export type { GraphOptions } from "./options.ts";
export type { TraceSource } from "./source.ts";
export type * from "./table.ts";
export { spySvg, type SpySvgOptions, spyText, type SpyTextOptions } from "./spy.ts";
export { toDot } from "./to-dot.ts";
export { toHtml } from "./to-html.ts";
export { toMermaid } from "./to-mermaid.ts";
export { toSvg } from "./to-svg.ts";
export type { HtmlOptions } from "./to-html.ts";
export type { TraceOptions } from "./trace-table.ts";
export { traceTable, traceText } from "./trace-table.ts";
