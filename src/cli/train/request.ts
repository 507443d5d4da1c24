import type { TrainRequest } from "./settings.ts";

/** The options of `downhill train` with text values, and the flags. */
export const textNames = [
  "dataset",
  "data",
  "target",
  "features",
  "without",
  "task",
  "missing",
  "categories",
  "max-categories",
  "decimal",
  "images",
  "labels",
  "optimizer",
  "lr",
  "momentum",
  "schedule",
  "plateau",
  "clip",
  "batch",
  "accumulate",
  "epochs",
  "hidden",
  "augment",
  "val",
  "divergence",
  "patience",
  "seed",
  "ranks",
  "shards",
  "tune",
  "checkpoint",
  "until",
  "save",
  "tensorboard",
  "out",
] as const;

/** A request with only the given options. */
export function trainRequest(asked: Partial<TrainRequest>): TrainRequest {
  const nothing = Object.fromEntries(textNames.map((name) => [name, undefined])) as Record<
    (typeof textNames)[number],
    undefined
  >;
  const flags = {
    noHeader: false,
    indicator: false,
    resume: false,
    json: false,
    mpi: false,
    allowRunAsRoot: false,
  };
  return { ...nothing, ...flags, ...asked };
}
