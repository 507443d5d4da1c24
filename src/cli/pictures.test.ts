// Bitmaps that commands write.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "modern-gif";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testInCi } from "../../test/support/extent.ts";
import { downhill } from "../../test/support/command.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "downhill-pictures-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[command: string, width: number, ...words: string[]]>([
  ["race", 2200, "bowl", "--steps", "20", "--out"],
  ["fit", 1520, "co2", "co2 = a + b*year", "--out"],
  ["schedule", 1520, "cosine", "--out"],
  ["explain", 0, "x*y + sin(x)", "--at", "x=1,y=2", "--graph"],
])("%s draws its figure as PNG", async (command, width, ...words) => {
  const { status, stderr } = await downhill([command, ...words, `${command}.png`], { cwd: folder });
  expect([stderr, status]).toEqual(["", 0]);
  const bytes = readFileSync(join(folder, `${command}.png`));
  expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  if (width > 0) expect(bytes.readUInt32BE(16)).toBe(width);
});

testInCi("race draws its animation as GIF", async () => {
  const { status } = await downhill(["race", "bowl", "--steps", "20", "--out", "race.gif"], { cwd: folder });
  expect(status).toBe(0);
  const gif = decode(readFileSync(join(folder, "race.gif")));
  expect(gif.width).toBe(825);
  expect(gif.frames.length).toBeGreaterThan(50);
  expect(gif.frames.reduce((sum, { delay }) => sum + delay, 0)).toBe(9000);
});
