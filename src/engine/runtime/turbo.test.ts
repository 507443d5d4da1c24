import { afterEach, describe, expect, test, vi } from "vitest";
import { enableTurbo, full, jit, linspace, matmul, mul, neg, sin, sub, tanh } from "downhill";
import type { Tensor } from "downhill";

const f = jit((x: Tensor, y: Tensor) => matmul(x, y));

test("enableTurbo reports the feature or warns once, and results stay correct", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const [x, y] = [full([40, 50], 0.5, { dtype: "float32" }), full([50, 60], 2, { dtype: "float32" })];
  expect(f(x, y).at(3).at(4).item()).toBe(50);
  const turbo = enableTurbo();
  expect(enableTurbo()).toBe(turbo);
  const major = Number(process.versions.v8.split(".")[0]);
  if (major >= 13) expect(turbo).toEqual({ enabled: true, reason: "256-bit vectors" });
  else if (major === 11) expect(turbo).toEqual({ enabled: true, reason: "fused multiply-add" });
  else {
    expect(turbo.enabled).toBe(false);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("turbo mode stays off"));
  }
  expect(f(x, y).at(3).at(4).item()).toBe(50);
  warn.mockRestore();
});

test("hot float64 code keeps its bits in turbo mode (negated loads were NaN)", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const x = linspace(-3, 3, 1000);
  const functions = [(t: Tensor) => sub(mul(neg(t), t), 1), (t: Tensor) => sin(t), (t: Tensor) => tanh(t)];
  const expected = functions.map((each) => each(x).tolist());
  enableTurbo();
  functions.forEach((each, i) => {
    const compiled = jit(each);
    const hot = Array.from({ length: 3000 }, () => compiled(x)).at(-1)!;
    expect(hot.tolist()).toEqual(expected[i]);
  });
  warn.mockRestore();
});

describe("an engine that misreports its features", () => {
  interface Fake {
    readonly set: (flag: string) => void;
    readonly tag?: () => number;
  }

  /** Result of `enableTurbo` if `node:v8` of V8 14 is replaced by another module. */
  async function enableOn({
    set,
    tag,
  }: Fake): Promise<{ readonly enabled: boolean; readonly reason: string }> {
    let flags = "";
    const fake = {
      setFlagsFromString: (flag: string) => {
        flags = flag;
        set(flag);
      },
      cachedDataVersionTag: tag ?? (() => (flags.startsWith("--no-") ? 1 : flags.length)),
    };
    const own = process.getBuiltinModule.bind(process);
    vi.stubGlobal(
      "process",
      Object.create(process, {
        versions: { value: { ...process.versions, v8: "14.0" } },
        getBuiltinModule: { value: (name: string) => (name === "node:v8" ? fake : own(name)) },
      }),
    );
    vi.resetModules(); // the module caches its result
    const turbo = await import("./turbo.ts");
    return turbo.enableTurbo();
  }

  function counted(): () => number {
    let count = 0;
    return () => count++;
  }

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test.each([
    ["accepts flags and does nothing, like Deno", () => 7],
    ["derives a new tag from any flag, like Bun", counted()],
  ])("%s: turbo mode stays off, with a warning", async (_, tag) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const reason = "this engine ignores --experimental-wasm-revectorize.";
    expect(await enableOn({ set: () => {}, tag })).toEqual({ enabled: false, reason });
    expect(warn.mock.calls).toEqual([[`downhill: turbo mode stays off: ${reason}`]]);
  });

  test("computes wrong results: turbo mode and the switch stay off, with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { Module } = WebAssembly;
    const flags: string[] = [];
    let isOn = false;
    /** With the switch on, float32 vectors are subtracted instead of added. */
    const Wrong = function (bytes: Uint8Array): WebAssembly.Module {
      const [from, to] = [
        [0xfd, 0xe4, 0x01],
        [0xfd, 0xe5, 0x01],
      ];
      const wrong = bytes.slice();
      for (let i = 0; i < wrong.length; i++)
        if (isOn && from.every((byte, k) => wrong[i + k] === byte)) wrong.set(to, i);
      return new Module(wrong);
    };
    vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Module: { value: Wrong } }));
    const { enabled, reason } = await enableOn({
      set: (flag) => {
        flags.push(flag);
        isOn = !flag.startsWith("--no-");
      },
    });
    expect(enabled).toBe(false);
    expect(reason).toMatch(/^sample kernel \d produced other bits with --experimental-wasm-revectorize\.$/);
    expect(warn.mock.calls).toEqual([[`downhill: turbo mode stays off: ${reason}`]]);
    expect(flags.at(-1)).toBe("--no-experimental-wasm-revectorize");
  });
});
