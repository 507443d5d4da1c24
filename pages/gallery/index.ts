// The pictures of the gallery, by name.
import { drawArm } from "./arm.ts";
import { drawGpt } from "./gpt.ts";
import { drawHmc } from "./hmc.ts";
import { drawRace } from "./race.ts";
import { drawSoftBody } from "./soft-body.ts";
import { drawVae } from "./vae.ts";

export const pictures: Readonly<Record<string, () => string | Promise<string>>> = {
  race: drawRace,
  gpt: drawGpt,
  "soft-body": drawSoftBody,
  arm: drawArm,
  vae: drawVae,
  hmc: drawHmc,
};
