/** What the two doctors say in each kind of network: the page's "Check my connection", and `staffline doctor` in a shell. */
import { type TestInfo, expect, test } from '@playwright/test';
import { PROXY_PORT, type Profile } from '../../../tests/netlab/lab.mjs';
import { type Offices, inOffices } from '../offices.ts';
import { binary } from '../server.ts';
import type { Staff } from '../staff.ts';

/** The verdict that the page stores for the admin, and how the command's begins. */
const verdicts: Partial<Record<Profile, [page: string, command: RegExp]>> = {
  cone: ['ok', /Calls will work from here: every leg gets through/],
  udpblocked: ['udp_blocked', /UDP 443 to chat\.lab does not get through/],
  tcp443: ['udp_blocked', /UDP 443 to chat\.lab does not get through/],
  tls443: ['tls_only', /Only TLS gets through/],
  proxy: ['proxy', /Only the proxy leads to chat\.lab: calls will work through it/],
};

const CHECKED_WITHIN_MS = 90_000;

interface Check {
  verdict: string;
  legs: { leg: string; ok: boolean; detail?: string }[];
}

async function checkPage({ server }: Offices, { page }: Staff): Promise<Check> {
  await page.getByRole('button', { name: /^Menu/ }).click();
  await page.getByRole('button', { name: 'Check my connection' }).click();
  await page.getByRole('button', { name: 'Start the check' }).click();
  await expect(page.getByText('The result has been sent to your admins.')).toBeVisible({ timeout: CHECKED_WITHIN_MS });
  const { checks } = await server.api<{ checks: Check[] }>('GET', '/api/admin/connection-checks');
  return checks[0] as Check;
}

/** `staffline doctor` as somebody in that office runs it, who was told of the proxy; what it said, and whether all was well. */
async function checkShell({ lab }: Offices, letter: string, profile: Profile): Promise<{ said: string; fine: boolean }> {
  const number = letter.charCodeAt(0) - 'a'.charCodeAt(0) + 1;
  const proxy = profile === 'proxy' ? [`https_proxy=http://10.77.${number}.1:${PROXY_PORT}`] : [];
  const command = ['env', `SSL_CERT_FILE=${lab.certificate.ca}`, ...proxy, binary, 'doctor', '--url', lab.url, '--lang', 'en'];
  return lab.exec(`office-${letter}`, command).then(
    (said) => ({ said, fine: true }),
    (error: unknown) => ({ said: (error as { stdout: string }).stdout, fine: false }),
  );
}

async function note(info: TestInfo, profile: Profile, page: Check, said: string): Promise<void> {
  const legs = page.legs.map(({ leg, ok }) => `${leg} ${ok ? 'ok' : 'FAILED'}`).join(', ');
  await info.attach(`doctor in ${profile}`, { body: `page: ${page.verdict} (${legs})\n${said}`, contentType: 'text/plain' });
}

for (const pair of [['cone', 'udpblocked'], ['tcp443', 'tls443'], ['proxy', 'open']] as [Profile, Profile][]) {
  test(`the doctors in ${pair.join(' and ')}`, async ({}, info) => {
    test.setTimeout(300_000);
    await inOffices(pair, async (offices) => {
      for (const [letter, staff, profile] of [['a', offices.a, pair[0]], ['b', offices.b, pair[1]]] as const) {
        const expected = verdicts[profile];
        if (expected === undefined) continue;
        const [{ said, fine }, page] = [await checkShell(offices, letter, profile), await checkPage(offices, staff)];
        await note(info, profile, page, said);
        expect.soft(page.verdict, `the page in ${profile}: ${JSON.stringify(page.legs)}`).toBe(expected[0]);
        expect.soft(said, `the command in ${profile}`).toMatch(expected[1]);
        expect.soft(fine, `the command's status in ${profile}`).toBe(expected[0] === 'ok');
      }
    });
  });
}
