/** When the notice of a recording is to be shown. */
import { expect, test } from "vitest";
import type { CallRecording } from "../../api/types";
import { Consent } from "./consent";
import { RECORDING } from "./calls.test-support";

const recording = (change: Partial<CallRecording> = {}, version = 1): CallRecording => ({
  ...RECORDING,
  ...change,
  notice: { ...RECORDING.notice, version },
});

test.each([
  ["announced", "asked"],
  ["consent", "asked"],
  ["on", "asked"],
  ["interrupted", "asked"],
  ["off", "given"],
  ["failed", "given"],
] as const)("%s: %s", (state, stage) => {
  const consent = new Consent();
  expect(consent.stage).toBe("given");
  consent.follow(recording({ state }));
  expect(consent.stage).toBe(stage);
  consent.follow(recording({ state, consented: true }));
  expect(consent.stage).toBe("given");
  consent.follow(null);
  expect(consent.stage).toBe("given");
});

test("what is said counts once the server has confirmed it", () => {
  const consent = new Consent();
  expect(consent.agree("ru")).toBeNull();
  consent.follow(recording());
  expect(consent.agree("ru")).toEqual({ version: 1, language: "ru" });
  expect(consent).toMatchObject({ stage: "said", isGiven: false });
  // A state that crossed it on the way.
  consent.follow(recording());
  expect(consent.stage).toBe("said");
  consent.follow(recording({ consented: true }));
  expect(consent).toMatchObject({ stage: "given", said: null });
});

test("another text is asked for anew, and what was said of the old one is nothing", () => {
  const consent = new Consent();
  consent.follow(recording());
  consent.agree("ru");
  consent.follow(recording({}, 2));
  expect(consent).toMatchObject({ stage: "asked", said: null });
  consent.agree("ru");
  consent.follow(recording({ consented: true }, 2));
  consent.follow(recording({}, 3));
  expect(consent.stage).toBe("asked_anew");
  expect(consent.agree("en")).toEqual({ version: 3, language: "en" });
  consent.follow(recording({ consented: true }, 3));
  consent.follow(recording({}, 3));
  expect(consent.stage).toBe("asked");
});

test.each([
  ["consent_needed", "asked"],
  ["consent_outdated", "asked_anew"],
] as const)("the refusal %s asks again, whatever the last state said", (code, stage) => {
  const consent = new Consent();
  consent.follow(recording({ consented: true }));
  expect(consent.refuse(code)).toBe(true);
  expect(consent.stage).toBe(stage);
  // Its text may follow later; it is shown as the same question.
  consent.follow(recording({}, 2));
  expect(consent.stage).toBe("asked_anew");
});

test("a state after the refusal is newer than it", () => {
  const consent = new Consent();
  consent.follow(recording({ consented: true }));
  consent.refuse("consent_needed");
  consent.follow(recording({ consented: true }));
  expect(consent.stage).toBe("given");
});

test("other refusals are no matter of it", () => {
  const consent = new Consent();
  expect(consent.refuse("no_such_call")).toBe(false);
  expect(consent.stage).toBe("given");
});

test.each([
  ["always", "announced", true, true],
  ["always", "consent", true, false],
  ["always", "on", true, true],
  ["always", "on", false, false],
  ["on_demand", "consent", true, true],
  ["on_demand", "consent", false, false],
  ["on_demand", "off", false, true],
] as const)("%s, %s, agreed %s: may connect %s", (mode, state, consented, may) => {
  const consent = new Consent();
  expect(consent.letsConnect).toBe(true);
  consent.follow(recording({ mode, state, consented }));
  expect(consent.letsConnect).toBe(may);
});
