import "../array/methods.ts";
import "../runtime/install.ts";

export * from "./functions.ts";
