import { readFileSync } from "node:fs";
import { decodeFrames } from "modern-gif";
import { describe, expect, test } from "vitest";
import { drawPicture, writePicture } from "../../../pictures/plot/picture.ts";
import { moving } from "../../../../test/support/moving-square.ts";
import { toGif, toPng } from "./bitmap.ts";
import { pictureFormatter } from "./formatter.ts";
import { checkPackages } from "./packages.ts";

/** The pixels of a PNG of 8-bit RGBA without filters other than 0 to 4, as resvg writes it. */
function sizeOfPng(bytes: Uint8Array): readonly [width: number, height: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return [view.getUint32(16), view.getUint32(20)];
}

test("a PNG has two pixels per unit and draws the text of the picture", async () => {
  const series = [{ name: "falling", x: [0, 1, 2], y: [3, 2, 1] }];
  const draw = (label: string): Promise<Uint8Array> =>
    toPng(
      drawPicture(
        {
          heading: "",
          charts: [{ spec: { title: "t", x: { label }, y: { label: "" }, series }, height: [100, 0] }],
        },
        240,
      ),
    );
  const [labelled, plain] = [await draw("steps of the run"), await draw("")];
  const height = Number(/height="(\d+)"/.exec(writePicture({ heading: "", charts: [] }, 240))![1]) + 112;
  expect(sizeOfPng(labelled)).toEqual([480, 2 * height]);
  expect(Buffer.compare(labelled, plain)).not.toBe(0);
});

test("a GIF moves as the picture does", async () => {
  const gif = await toGif(moving);
  const frames = decodeFrames(gif.slice().buffer);
  const [width, height] = [60, 30]; // three quarters
  expect(frames.map((frame) => [frame.width, frame.height])).toEqual(frames.map(() => [width, height]));
  expect(frames.reduce((sum, { delay }) => sum + delay, 0)).toBe(2000);
  expect(frames.length).toBe(10); // one every 0.12 s, and one for the rest
  const isBlue = (data: Uint8ClampedArray, x: number, y: number): boolean => {
    const [r, , b] = data.subarray(4 * (y * width + x));
    return b! > 200 && r! < 60;
  };
  const [first, last] = [frames[0]!.data, frames.at(-1)!.data];
  expect([isBlue(first, 5, 5), isBlue(first, 50, 5)]).toEqual([true, false]);
  expect([isBlue(last, 5, 5), isBlue(last, 50, 5)]).toEqual([false, true]);
});

describe("missing packages", () => {
  const formats = { picture: () => moving, page: () => "" };
  const none = (name: string): Promise<unknown> => Promise.reject(new Error(`no ${name}`));

  test("are named before any work, with the command that installs them", async () => {
    await expect(checkPackages("--out", "a.gif", none)).rejects.toThrow(
      "--out a.gif: gif files need @resvg/resvg-js and modern-gif, which are not installed. Write npm install @resvg/resvg-js modern-gif, or choose the extension .svg.",
    );
    await expect(checkPackages("--out", "a.PNG", none)).rejects.toThrow(
      "--out a.PNG: png files need @resvg/resvg-js, which is not installed. Write npm install @resvg/resvg-js, or choose",
    );
    await expect(checkPackages("--out", "a.svg", none)).resolves.toBeUndefined();
  });

  test("are optional peers with the versions that are tested", () => {
    const manifest = JSON.parse(
      readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"),
    ) as Record<string, Record<string, string | { optional: boolean }>>;
    for (const name of ["@resvg/resvg-js", "modern-gif"]) {
      expect(manifest["peerDependencies"]![name]).toBe(`^${manifest["devDependencies"]![name] as string}`);
      expect(manifest["peerDependenciesMeta"]![name]).toEqual({ optional: true });
    }
  });

  test("only a result that moves has a GIF", async () => {
    await expect(pictureFormatter("--out", "a.gif", formats)).rejects.toThrow(
      "must end in .html, .svg or .png,",
    );
    const format = await pictureFormatter("--out", "a.gif", { ...formats, animation: () => moving });
    expect(typeof format).toBe("function");
  });
});
