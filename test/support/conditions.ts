import { expect, test } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** The requirement of a skipped test that is not met. */
    needs?: string;
  }
}

/**
 * `test` if a requirement is met. Otherwise the tests are skipped, and the summary of the run counts them by requirement.
 *
 * @param needs the requirement, with the way to meet it: "Chromium (apt-get install -y chromium)"
 */
export function testWith(needs: string, isMet: boolean): typeof test {
  if (isMet) return test;
  const options = { skip: true, meta: { needs } };
  const skipped = (name: string): void => test(name, options, () => expect.unreachable());
  const each = (cases: readonly unknown[]) => (name: string) =>
    test.each(cases)(name, options, () => expect.unreachable());
  return Object.assign(skipped, { each }) as unknown as typeof test;
}

/** `test` on systems other than Windows. */
export const testOnPosix: typeof test = testWith("a system other than Windows", process.platform !== "win32");

/** `test` where /proc describes the running process. */
export const testOnLinux: typeof test = testWith("Linux", process.platform === "linux");
