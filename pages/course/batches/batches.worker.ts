// Runs the chapter's measurements in a worker.
import { assertNever } from "../../../src/engine/util/assert-never.ts";
import { compareOnDigits } from "../../../src/pictures/landscapes/presets/batches.ts";
import { work } from "../../live/job.ts";
import { learn, versions } from "./augmentation.ts";
import type { Measuring } from "./orders.ts";
import { throughput } from "./throughput.ts";

const shownVersions = 7;

work<Measuring>(async (order, tell) => {
  switch (order.kind) {
    case "throughput":
      for (const one of throughput()) tell({ kind: "throughput", one });
      return;
    case "by-time":
      tell({ kind: "by-time", runs: await compareOnDigits() });
      return;
    case "augmentation": {
      tell({ kind: "versions", images: versions(order.changes, shownVersions) });
      const changed = learn(order.changes);
      for (const one of learn(undefined)) {
        tell({ kind: "learned", isChanged: false, one });
        const beside = changed.next();
        if (beside.done !== true) tell({ kind: "learned", isChanged: true, one: beside.value });
      }
      return;
    }
    default:
      assertNever(order, "order");
  }
});
