import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill landscape`. */
export const landscapeEntry: LazyCommand = {
  description:
    "Draw a slice of a network's loss with the path of its training, or a formula with its constraints",
  examples: [
    ["downhill landscape digits --out slice.html", "the plane in which training moved most"],
    [
      "downhill landscape digits --directions filter-normalised --out slice.svg",
      "two random directions, each filter as long as that of the network (Li et al. 2018)",
    ],
    [
      'downhill landscape digits --optimizer "adam(lr=0.003)" --epochs 20 --hidden 64,32',
      "another optimiser and network",
    ],
    ["downhill landscape digits --resolution 51 --json", "the values, for programs"],
    [
      'downhill landscape "(x - 2)^2 + (y - 2)^2" --where "x^2 + y^2 <= 2" --where "y <= 0.8" --out region.svg',
      "a formula, its feasible region, and the forces of the limits",
    ],
  ],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).landscapeCommand),
};
