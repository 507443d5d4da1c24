import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export * from "./functions.ts";
