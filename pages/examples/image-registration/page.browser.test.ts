// Uses the example as a reader does.
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { addressOf, draw } from "./picture.ts";

const served = serveSection("examples");

describePageInCi("two superimposed pictures", {
  "a distant start ends elsewhere, and a larger blur finds the window again": async ({ open }) => {
    const page = await alive(await open(served.at("image-registration", "#picture=dots&blur=8")));
    const finding = page.locator("#window .finding");
    expect(await finding.textContent()).toContain("Found, after");
    const centre = page.getByRole("button", { name: /^centre of the start/ });
    await centre.scrollIntoViewIfNeeded();
    const box = (await centre.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 60, y - 10, { steps: 3 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain("start-x");
    await page.getByRole("button", { name: "none", exact: true }).click();
    expect(await finding.textContent()).toContain("not at the window");
    expect(await page.locator("#way .finding").textContent()).toMatch(/sharp.* it climbs/);
    await page.getByRole("button", { name: "16 pixels" }).click();
    expect(await finding.textContent()).toContain("Found, after");
  },

  "the search steps back to its start, which a key rotates": async ({ open }) => {
    const page = await alive(await open(served.at("image-registration", "#step=0")));
    expect(await page.locator("#window .finding").textContent()).toContain("after 0 iterations");
    await page.getByRole("button", { name: /^turn of the start/ }).press("ArrowUp");
    const turn = Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("start-turn"));
    expect(turn).toBeGreaterThan(0);
    await page.getByRole("slider", { name: "iteration of the search" }).press("End");
    await page.locator("#window .finding", { hasText: "Found, after" }).waitFor();
  },

  "the player stays at the end when its run becomes longer": async ({ open }) => {
    const page = await alive(await open(served.at("image-registration")));
    await page.getByRole("button", { name: "stretches as well" }).click();
    const words = (await page.locator("#window .player output").textContent())!;
    const [, at, last] = /iteration (\d+) of (\d+)/.exec(words)!;
    expect(at).toBe(last);
    const [, ended] = /after (\d+) iterations/.exec((await page.locator("#window .finding").textContent())!)!;
    expect(last).toBe(ended);
  },

  "a reader's picture is read in the page, and an invalid file is reported": async ({ open }) => {
    const page = await alive(await open(served.at("image-registration")));
    const field = page.getByLabel("your own picture");
    const bitmap = Buffer.from(addressOf(draw("fence")).split(",")[1]!, "base64");
    await field.setInputFiles({ name: "fence.bmp", mimeType: "image/bmp", buffer: bitmap });
    await page.getByRole("button", { name: "Yours", pressed: true }).waitFor();
    expect(await page.locator("#window image").first().getAttribute("href")).toBe(addressOf(draw("fence")));
    expect(await page.locator("#window .finding").textContent()).toContain("Found, after");
    await field.setInputFiles({
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("no picture"),
    });
    await page.getByText("This browser cannot read a picture from that file.").waitFor();
  },
});
