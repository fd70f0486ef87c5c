import { z } from 'zod';
import { BadInputError } from '../../shared/errors.ts';
import type { Key, Write } from '../../shared/ports/store.ts';
import type { Tenant } from '../../shared/rows/tenant.ts';
import { DAY_MS, utcDay } from '../../shared/utc-day.ts';
import type { ApiDeps } from './deps.ts';

/** Asks of one tenant on one UTC day: counted in the transaction that keeps the ask, so a repeat that finds it counts nothing. */
const QuotaRow = z.strictObject({ used: z.int().positive() });

export const quotaKey = (tenant: string, nowMs: number): Key => ({
  pk: `quota/${tenant}`,
  sk: `asks/${utcDay(nowMs)}`,
});

/** The write that counts one ask more, good for as long as nobody else counts. @throws {BadInputError} `quota-used` */
export const quotaWrite = async (
  { store, clock }: Pick<ApiDeps, 'store' | 'clock'>,
  { name, asksPerDay }: Tenant,
): Promise<Write> => {
  const nowMs = clock.nowMs();
  const key = quotaKey(name, nowMs);
  const stored = await store.get(key);
  const used = stored ? QuotaRow.parse(stored.body).used : 0;
  if (used < asksPerDay) {
    const expect = stored ? { version: stored.version } : ('absent' as const);
    return { kind: 'put', key, body: { used: used + 1 }, expiresAtMs: nowMs + 2 * DAY_MS, expect };
  }
  const retryAfterSeconds = Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1_000);
  throw new BadInputError('quota-used', `all ${asksPerDay} asks of ${name} for this day (UTC) are used`, {
    next: `Ask again in ${retryAfterSeconds} seconds, or with a wallet of your own: 'quorate ask FILE'.`,
    details: { asksPerDay, retryAfterSeconds },
  });
};
