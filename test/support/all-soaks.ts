// Every generator of random programs, for one process.
export { soakPart as nests } from "./nest-soak.ts";
export { soakPart as plain } from "./plain-soak.ts";
export { soakPart as tensors } from "./random-soak.ts";
