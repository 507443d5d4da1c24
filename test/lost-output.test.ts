import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { testWith } from "./support/conditions.ts";

const bin = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

// a device that is always full
testWith("/dev/full", existsSync("/dev/full"))(
  "a full disk under the output does not stop training, and is reported once",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "downhill-lost-"));
    const full = openSync("/dev/full", "w");
    try {
      const words = ["train", "digits", "--epochs", "3", "--hidden", "none"];
      const { status, stderr } = spawnSync(process.execPath, [bin, ...words], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", full, "pipe"],
      });
      expect(stderr).toBe(
        "error: the output cannot be written: the disk is full. The command continues without it.\n",
      );
      expect(status).toBe(1);
      expect(readFileSync(join(folder, "downhill-report.html"), "utf8")).toContain("Training report");
      const nowhere = spawnSync(process.execPath, [bin, "nothing"], { stdio: ["ignore", full, full] });
      expect(nowhere.status).toBe(2);
    } finally {
      closeSync(full);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
