import { describe, expect, test } from "vitest";
import { watchGains } from "./gains.ts";

describe("monitoring of gains", () => {
  test("pauses sharing for longer and longer while it loses time, and resumes", () => {
    const gains = watchGains();
    expect(gains.isWorth(0)).toBe(true);
    gains.note(0.9, 0);
    expect(gains.isWorth(0)).toBe(true);
    let now = 10;
    for (const pause of [20, 40, 80, 160, 320, 640, 1280, 2000, 2000]) {
      gains.note(-4, now);
      expect(gains.isWorth(now + pause - 1)).toBe(false);
      expect(gains.isWorth(now + pause)).toBe(true);
      now += pause + 1;
    }
  });

  test("starts again with short pauses once sharing lasts", () => {
    const gains = watchGains();
    let now = 0;
    for (let loss = 0; loss < 6; loss++) {
      gains.note(-4, now);
      while (!gains.isWorth(now)) now++;
    }
    for (let loss = 0; loss < 5; loss++) {
      now += 5000;
      gains.note(-10, now);
      while (!gains.isWorth(now)) now++;
    }
    now += 5000;
    gains.note(-10, now);
    expect(gains.isWorth(now + 19)).toBe(false);
    expect(gains.isWorth(now + 20)).toBe(true);
  });

  test("tolerates losses that gains outweigh, even if gains are rare and large", () => {
    const gains = watchGains();
    for (let i = 0; i < 1000; i++) {
      gains.note(i % 100 === 99 ? -4 : 0.05, i);
      expect(gains.isWorth(i)).toBe(true);
    }
  });

  test("does not tolerate losses that gains do not outweigh", () => {
    const gains = watchGains();
    let isWorth = true;
    for (let i = 0; i < 1000; i++) {
      gains.note(i % 100 === 99 ? -4 : 0.02, i);
      isWorth &&= gains.isWorth(i);
    }
    expect(isWorth).toBe(false);
  });

  test("ignores negligible losses", () => {
    const gains = watchGains();
    for (let i = 0; i < 40; i++) gains.note(-0.01, i);
    expect(gains.isWorth(40)).toBe(true);
  });
});
