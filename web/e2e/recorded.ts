/** Calls that are recorded, as far as tests share them. */
import type { Server } from './server.ts';

/** All calls are, from the next one on; or none. */
export async function recordAll(server: Server, { all = true, twoOfficers = false } = {}): Promise<void> {
  await server.api('PUT', '/api/admin/recording-policy', {
    purpose: { ru: 'Контроль качества', en: 'Quality control' }, recorded_by: 'Orlov & Partners', retention_days: 365, two_officers: twoOfficers,
    rules: !all ? [] : [{ name: 'All calls', match: { type: 'everybody' }, direction: 'any', mode: 'always', by: [], retention_days: null }],
  });
}
