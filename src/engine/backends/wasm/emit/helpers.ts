import type { Callable } from "../encode/body.ts";
import type { ModuleContext } from "./unit.ts";

/**
 * Names of functions that replace integer division and remainder. The WebAssembly instructions trap for a divisor of 0
 * and, in a division, for the least int32 by −1.
 */
export type WasmHelper = "divS" | "divU" | "remS" | "remU";

const key = {};

/** Returns the helper function of a module, which is added on first use. */
export function helper(name: WasmHelper, unit: ModuleContext): Callable {
  return unit.once(key, name, () => {
    const { body, ...callable } = unit.module.function(name, {
      params: ["i32", "i32"],
      results: ["i32"],
      paramNames: ["x", "y"],
    });
    const [x, y] = [0, 1];
    body.localGet(y);
    body.op("i32.eqz");
    body.if();
    body.i32Const(0);
    body.return();
    body.end();
    if (name === "divS") {
      // x / −1 = −x, which wraps
      body.localGet(y);
      body.i32Const(-1);
      body.op("i32.eq");
      body.if();
      body.i32Const(0);
      body.localGet(x);
      body.op("i32.sub");
      body.return();
      body.end();
    }
    body.localGet(x);
    body.localGet(y);
    body.op(({ divS: "i32.div_s", divU: "i32.div_u", remS: "i32.rem_s", remU: "i32.rem_u" } as const)[name]);
    return callable;
  });
}
