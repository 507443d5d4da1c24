import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createServer } from "vite";
import downhill from "../src/vite.ts";
import { app, makeProject } from "./project.ts";

const project = makeProject(app);
afterAll(() => {
  project.remove();
});

test("Vite's server compiles a marked function again when a helper in another file changes", async () => {
  const server = await createServer({
    configFile: false,
    root: project.folder,
    logLevel: "silent",
    server: { middlewareMode: true, ws: false },
    optimizeDeps: { noDiscovery: true },
    plugins: [downhill()],
  });
  try {
    const served = async (): Promise<string> => (await server.transformRequest("/src/app.ts"))!.code;
    const first = await served();
    expect(first).toMatch(/attachForm\d+\(loss, /);
    expect(first).not.toContain("41.5");
    // as the file watcher does
    const helper = join(project.folder, "src/helpers.ts");
    project.write({ "src/helpers.ts": app["src/helpers.ts"]!.replace("scale = 2", "scale = 41.5") });
    server.watcher.emit("change", helper);
    await expect.poll(served).toContain("41.5");
  } finally {
    await server.close();
  }
});
