import { describe, expect, test } from "vitest";
import type { IdxArray } from "../io/index.ts";
import { labelledImages } from "./labelled-images.ts";

const images: IdxArray = {
  name: "images.idx",
  shape: [3, 1, 2],
  data: Uint8Array.of(0, 255, 51, 102, 153, 204),
};
const labels: IdxArray = { name: "labels.idx", shape: [3], data: Uint8Array.of(2, 0, 2) };

describe("labelledImages", () => {
  test("scales bytes to 0..1 and counts the classes", () => {
    expect(labelledImages(images, labels)).toEqual({
      images: Float32Array.of(0, 1, 0.2, 0.4, 0.6, 0.8),
      labels: Int32Array.of(2, 0, 2),
      count: 3,
      height: 1,
      width: 2,
      classes: 3,
      provenance: "images.idx and labels.idx",
    });
  });

  test("leaves floating-point numbers unchanged", () => {
    const floats: IdxArray = { ...images, data: Float32Array.of(-1, 2, 0, 0, 0.5, 3) };
    expect([...labelledImages(floats, labels).images]).toEqual([-1, 2, 0, 0, 0.5, 3]);
  });

  test.each<[string, IdxArray, IdxArray, string]>([
    ["swapped files", labels, images, "labels.idx holds labels and images.idx images: they are swapped."],
    [
      "images of the wrong shape",
      { ...images, shape: [6] },
      labels,
      "images.idx: expected images, of shape [count, height, width], but it holds [6].",
    ],
    [
      "labels of the wrong shape",
      images,
      images,
      "images.idx: expected labels, of shape [count], but it holds [3,1,2].",
    ],
    [
      "different numbers",
      images,
      { name: "t10k.idx", shape: [2], data: Uint8Array.of(1, 2) },
      "images.idx has 3 images but t10k.idx has 2 labels. Are they of the same part, training or test?",
    ],
    [
      "no pixels",
      { name: "images.idx", shape: [3, 0, 2], data: new Uint8Array(0) },
      labels,
      "images.idx: there are no pixels in it.",
    ],
    [
      "a negative label",
      images,
      { ...labels, data: Int8Array.of(1, -1, 0) },
      "labels.idx: label 1 is -1, where an integer of 0 or more belongs.",
    ],
    [
      "a broken label",
      images,
      { ...labels, data: Float32Array.of(1, 1, 0.5) },
      "labels.idx: label 2 is 0.5, where an integer of 0 or more belongs.",
    ],
  ])("names the files of %s", (_, first, second, message) => {
    expect(() => labelledImages(first, second)).toThrow(message);
  });
});
