import { cpus } from "node:os";
import { DownhillError } from "../../engine/errors/index.ts";
import { version } from "../../engine/util/version.ts";
import { openWebGpu } from "../../numeric/webgpu/index.ts";
import type { WebGpu } from "../../numeric/webgpu/index.ts";
import { toJson } from "../shared/json.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import type { TextOutput } from "../shared/terminal.ts";
import { wrap } from "../shared/wrap.ts";
import { measure, type Timing } from "./measure.ts";

/** Report on the programs and the GPU of this computer. */
export interface DoctorReport {
  readonly downhill: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  /** The GPU, or the reason for its absence and what to try. */
  readonly gpu: GpuReport | { readonly reason: string };
  /** Measured durations; absent unless requested. */
  readonly times?: readonly Timing[];
}

/** Properties of an opened GPU. */
interface GpuReport extends Pick<WebGpu, "adapter" | "bits" | "probe" | "features" | "limits"> {
  /** Bytes of memory for tensors. */
  readonly memoryBudget: number;
}

/** Opens the GPU, reports its properties, and closes it. `isTimed` measures it too. */
export async function examine(
  isTimed: boolean,
  open: () => Promise<WebGpu> = openWebGpu,
): Promise<DoctorReport> {
  const here = {
    downhill: version,
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
  };
  let gpu: WebGpu;
  try {
    gpu = await open();
  } catch (error) {
    if (!(error instanceof DownhillError)) throw error;
    return { ...here, gpu: { reason: error.message } };
  }
  try {
    const { adapter, bits, probe, features, limits, memoryBudget } = gpu;
    const about = { adapter, bits, probe, features, limits, memoryBudget };
    return { ...here, gpu: about, ...(isTimed ? { times: await measure(gpu) } : {}) };
  } finally {
    gpu.close();
  }
}

/** Writes a report as text or as JSON. */
export function writeReport(report: DoctorReport, isJson: boolean, stdout: TextOutput): void {
  if (isJson) {
    stdout.write(`${toJson(report)}\n`);
    return;
  }
  const paint = paintFor(stdout);
  const { gpu, times = [], downhill, node, ...rest } = report;
  const rows: (readonly [name: string, value: string])[] = [
    ["downhill", `${downhill}, Node ${node}`],
    ...Object.entries(rest),
  ];
  if ("reason" in gpu) rows.push(["gpu", gpu.reason]);
  else
    rows.push(
      ["gpu", gpu.adapter],
      ["memory", `${mebibytes(gpu.memoryBudget)} for tensors`],
      ["bits", `${gpu.bits}: ${accuracyOf(gpu)}`],
      ...Object.entries(gpu.limits).map(([name, value]) => [name, String(value)] as const),
      ["features", gpu.features.join(", ")],
    );
  for (const { what, gpu: there, processor } of times)
    rows.push([
      what,
      `${milliseconds(there)} on the GPU${processor === undefined ? "" : `, ${milliseconds(processor)} on the processor`}`,
    ]);
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const columns = columnsOf(stdout);
  for (const [name, value] of rows) {
    const lines = columns === undefined ? [value] : wrap(value, Math.max(20, columns - width));
    stdout.write(`${paint("bold", name.padEnd(width))}${lines.join(`\n${" ".repeat(width)}`)}\n`);
  }
}

function accuracyOf({ bits, probe }: Pick<WebGpu, "bits" | "probe">): string {
  const odd = Object.entries(probe).filter(([, count]) => count > 0);
  const found = odd.map(([name, count]) => `${name} ${count}`).join(", ");
  const same =
    bits === "exact" ? "results equal those of the processor" : "the last bits of results may differ";
  return found === "" ? same : `${same}; of 64 probed values differ: ${found}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function milliseconds(ms: number): string {
  return `${ms.toPrecision(3)} ms`;
}
