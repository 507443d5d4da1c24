// Uses the example as a reader does.
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { violations } from "../../../test/support/page-checks.ts";
import { unpack } from "../../live/pack.ts";
import { firstParams } from "./model.ts";
import { numbered, promptNumbers } from "./text.ts";
import { write } from "./write.ts";

const served = serveSection("examples");

/** Resets the training that starts when its figure comes into view. */
async function untrained(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "Start again" });
  await button.scrollIntoViewIfNeeded();
  await button.click();
}

describePageInCi("a small GPT", {
  "trains in the worker step by step, stops, resumes and restarts": async ({ open }) => {
    const page = await alive(await open(served.at("gpt", "#width=16&layers=1")));
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await untrained(page);
    await page.getByText("Before any training").waitFor();
    await button("One step").click();
    await page.getByText("step 1: loss 3.30").waitFor(); // log(27), the loss of uniform predictions
    await button("Go on").click();
    await page.getByText(/^After [2-9]\d+ steps: /).waitFor();
    await button("Stop").click();
    expect(await page.locator("#training .chart").count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    await button("Start again").click();
    await page.getByText("Before any training").waitFor();
  },

  "a pasted text makes another network, which continues the reader's prompt as the engine does": async ({
    open,
  }) => {
    const page = await alive(await open(served.at("gpt", "#context=32&temperature=1")));
    const text = "one two three four five six seven eight nine ten\n".repeat(4);
    await untrained(page);
    await page.getByLabel("Text to learn").fill("too short");
    await page.getByText("This text has 9 characters. With a context of 32 it needs 128").waitFor();
    await page.getByLabel("Text to learn").fill(text);
    await page.getByText("196 characters of 16 kinds").waitFor();
    await page.getByLabel("Prompt").fill("one X");
    await page.getByText("The text has no “X”").waitFor();
    expect(await page.locator(".gpt-samples").count()).toBe(0);
    await page.getByLabel("Prompt").fill("one ");
    const { kinds } = numbered(text, 32);
    const sizes = { width: 32, layers: 2, heads: 4, context: 32, kinds: kinds.length };
    const manner = { temperature: 1, seed: 1, samples: 3, length: 200 };
    const { samples } = write(firstParams(sizes, 1), sizes, promptNumbers("one ", kinds, 32), manner);
    const written = samples.map((sample) => sample.map((i) => kinds[i]!).join(""));
    expect(await page.locator(".gpt-samples p").allTextContents()).toEqual(written);

    await page.getByLabel("Text to learn").fill("abcde ".repeat(1000));
    await page.getByText("Addresses hold texts of up to 4,000 characters").waitFor();
    const kept = (): Promise<string> => unpack(new URL(page.url()).hash);
    await expect.poll(kept).toContain("own=*6000-");
    await page.reload();
    await alive(page);
    await page.getByText("only the page where it was pasted had it").waitFor();
  },

  "a character and a head are chosen by click and by key": async ({ open }) => {
    const page = await alive(await open(served.at("gpt")));
    await page.locator(".gpt-attended span").nth(9).click();
    await page.getByText("From character 10, “h”, this head").waitFor();
    await page.getByRole("slider", { name: "character" }).press("ArrowRight");
    await page.getByText("From character 11, “e”, this head").waitFor();
    await page.getByRole("button", { name: "Layer 2, head 3" }).press("Enter");
    await page.getByRole("img", { name: "Weights of layer 2, head 3" }).waitFor();
  },
});
