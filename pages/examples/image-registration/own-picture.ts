// A picture supplied by the reader. It is read in the page and never sent.
import { type Picture, pictureOf, side } from "./picture.ts";

/**
 * Reads the central square of a picture file as grey values.
 *
 * @throws Error if the browser cannot read a picture from the file
 */
export async function readPicture(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("This browser cannot read a picture from that file.");
  });
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser cannot draw the picture.");
  const part = Math.min(bitmap.width, bitmap.height);
  context.fillRect(0, 0, side, side); // transparent areas become black
  context.imageSmoothingQuality = "high";
  const [left, top] = [(bitmap.width - part) / 2, (bitmap.height - part) / 2];
  context.drawImage(bitmap, left, top, part, part, 0, 0, side, side);
  bitmap.close();
  const { data } = context.getImageData(0, 0, side, side);
  return pictureOf((row, column) => {
    const at = 4 * ((side - 1 - row) * side + column);
    return (0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!) / 255; // luma of Rec. 709
  });
}
