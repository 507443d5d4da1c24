// Answers questions of the page, one after the other.
import { answer } from "./answer.ts";
import type { Reply, Request } from "./asking.ts";
import { pageOf } from "./own-page.ts";

addEventListener("message", ({ data: { id, want, question } }: MessageEvent<Request>) => {
  const work =
    want === "answer"
      ? answer(question).then((value) => ({ answer: value }))
      : pageOf(question).then((page) => ({ page }));
  void work
    .then(
      (done): Reply => ({ id, ...done }),
      (error: unknown): Reply => ({ id, failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => postMessage(reply));
});
