/** The words of what only admins and compliance officers see. They come with those pages, so that nobody else has to load them. */
import i18next from "i18next";
import { adminSections as enSections, audit as enAudit } from "./en/admin";
import { archive as enArchive } from "./en/archive";
import { callAdmin as enCalls } from "./en/callAdmin";
import { recordingAdmin as enRecording } from "./en/recordingAdmin";
import { recordings as enRecordings } from "./en/recordings";
import { rules as enRules } from "./en/rules";
import { adminSections as ruSections, audit as ruAudit } from "./ru/admin";
import { archive as ruArchive } from "./ru/archive";
import { callAdmin as ruCalls } from "./ru/callAdmin";
import { recordingAdmin as ruRecording } from "./ru/recordingAdmin";
import { recordings as ruRecordings } from "./ru/recordings";
import { rules as ruRules } from "./ru/rules";

export const adminRu = { adminSections: ruSections, audit: ruAudit, callAdmin: ruCalls, recordingAdmin: ruRecording, recordings: ruRecordings, rules: ruRules, archive: ruArchive } as const;
export const adminEn = { adminSections: enSections, audit: enAudit, callAdmin: enCalls, recordingAdmin: enRecording, recordings: enRecordings, rules: enRules, archive: enArchive } as const;

/** Once, after the words that everybody has: asked for again, it adds the same. */
export function startAdminWords(): void {
  i18next.addResourceBundle("ru", "translation", adminRu, true);
  i18next.addResourceBundle("en", "translation", adminEn, true);
}
