// Tasks at the end of the chapter, loaded after its figures.
export { exercises } from "./exercises.ts";
export { printed, program } from "./program.ts";
