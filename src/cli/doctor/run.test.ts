import { afterAll, expect, test } from "vitest";
import { openWebGpu } from "downhill/webgpu";
import { recordOutput } from "../../../test/support/command.ts";
import { gpuOfNode, testOnGpu, testOnGpuInCi } from "../../../test/support/webgpu.ts";
import { engine } from "../../engine/runtime/engine.ts";
import { measure } from "./measure.ts";
import { type DoctorReport, examine, writeReport } from "./run.ts";

afterAll(() => {
  engine.copies = undefined; // other test files in this process use one device
});

const open = (): ReturnType<typeof openWebGpu> => openWebGpu({ gpu: gpuOfNode! });

function written(report: DoctorReport, isJson = false, columns?: number): string {
  const stream = recordOutput(columns);
  writeReport(report, isJson, stream);
  return stream.text().replaceAll(/\u001b\[\d+m/g, "");
}

test("without a GPU, reports the reason and what to try", async () => {
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  const report = await examine(true, () => openWebGpu({ gpu: none }));
  expect(report.gpu).toEqual({ reason: expect.stringContaining("mesa-vulkan-drivers") as string });
  expect(written(report)).toMatch(/^downhill +\d[^]*\ngpu +openWebGpu: WebGPU finds no GPU here/);
  expect(
    written(report, false, 60)
      .split("\n")
      .every((line) => line.length <= 60),
  ).toBe(true);
});

testOnGpu("reports adapter, memory, bits, limits and features", async () => {
  const report = await examine(false, open);
  const text = written(report);
  for (const row of [
    /^gpu +llvmpipe/m,
    /^memory +\d+ MiB for tensors$/m,
    /^bits +exact: results equal those of the processor$/m,
    /^maxBufferSize +\d+$/m,
    /^maxStorageBuffersPerShaderStage +\d+$/m,
    /^features +\w/m,
  ])
    expect(text).toMatch(row);
  expect(JSON.parse(written(report, true))).toMatchObject({ gpu: { bits: "exact", probe: { division: 0 } } });
});

testOnGpuInCi("measures calls, reads, products and a training step", async () => {
  using gpu = await open();
  const times = await measure(gpu, { sizes: [8, 16], patience: Infinity });
  expect(times.map(({ what }) => what)).toEqual([
    "call and read",
    "read 4 bytes",
    "product of 8",
    "product of 16",
    "training step of 784-128-10",
  ]);
  expect(times.every(({ gpu: there, processor = 1 }) => there > 0 && processor > 0)).toBe(true);
  expect((await measure(gpu, { sizes: [8, 16], patience: 0 })).map(({ what }) => what)).not.toContain(
    "product of 16",
  );
});
