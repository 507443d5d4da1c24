// Answers questions of the page, one after another.
import { answer } from "./answer.ts";
import type { Reply, Request } from "./asking.ts";
import { pageOf } from "./own-page.ts";

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const { id, question } = data;
  const work =
    data.want === "answer"
      ? answer(question).then((value) => ({ answer: value }))
      : pageOf(question, data.drawing).then((page) => ({ page }));
  void work
    .then(
      (done): Reply => ({ id, ...done }),
      (error: unknown): Reply => ({ id, failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => postMessage(reply));
});
