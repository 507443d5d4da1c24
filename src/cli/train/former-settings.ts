import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFiles } from "../../io/file-operations.ts";
import { toJson } from "../shared/json.ts";
import { writeOutput } from "../shared/write-file.ts";

/** Settings as one flat object. */
type Settings = Readonly<Record<string, unknown>>;

/** Beside the checkpoints of a run: what it was asked for. */
const fileName = "settings.json";

/** What a run of these settings leaves to the next that resumes it. */
export async function keepSettings(folder: string, settings: Settings): Promise<void> {
  await nodeFiles("train").makeFolder(folder);
  await writeOutput(join(folder, fileName), `${toJson(settings, 2)}\n`);
}

/**
 * The settings by which a resumed run goes on otherwise than it has come so far, a note each; a larger number of epochs
 * is what one resumes for. Nothing where the folder does not tell how the run began.
 */
export function changedSettings(folder: string, settings: Settings): readonly string[] {
  const former = formerSettings(folder);
  if (former === undefined) return [];
  const now = JSON.parse(toJson(settings)) as Settings;
  const show = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  return [...new Set([...Object.keys(former), ...Object.keys(now)])]
    .filter((name) => name !== "epochs" && show(former[name]) !== show(now[name]))
    .map((name) => `${name} was ${show(former[name])} so far and is ${show(now[name])} from here on`);
}

function formerSettings(folder: string): Settings | undefined {
  try {
    const settings: unknown = JSON.parse(readFileSync(join(folder, fileName), "utf8"));
    return typeof settings === "object" && settings !== null ? (settings as Settings) : undefined;
  } catch {
    return undefined; // a run from a program of one's own, or a file that was cut off: nothing to compare with
  }
}
