import { BadInputError } from '../../../shared/errors.ts';
import type { Random } from '../../../shared/ports/clock.ts';
import { toHex, utf8 } from '../../../shared/protocol/encoding.ts';
import { sha256 } from '../../../shared/protocol/sha2.ts';
import { Tenant } from '../../../shared/rows/tenant.ts';
import type { CloudConfig } from '../config.ts';
import { writeFields } from './write-fields.ts';

/** 256 bits: nobody guesses it, so a plain hash of it may lie in a configuration. */
const KEY_BYTES = 32;

/**
 * Writes a new tenant into a configuration; his key's hash only.
 * @returns the key, which is nowhere else
 * @throws {BadInputError} `tenant-exists`, `bad-tenant`
 */
export const addTenant = (
  path: string,
  { tenants }: CloudConfig,
  asked: Pick<Tenant, 'name' | 'asksPerDay'>,
  random: Random,
): string => {
  if (tenants.some(({ name }) => name === asked.name)) {
    throw new BadInputError('tenant-exists', `the configuration has a tenant ${asked.name}`, {
      next: 'Choose another name, or take that one out first.',
    });
  }
  const key = Buffer.from(random.bytes(KEY_BYTES)).toString('base64url');
  const tenant = Tenant.safeParse({ ...asked, apiKeySha256: toHex(sha256(utf8(key))) });
  if (!tenant.success) {
    const problems = tenant.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new BadInputError('bad-tenant', `the tenant does not fit: ${problems.join('; ')}`);
  }
  writeFields(path, { tenants: [...tenants, tenant.data] });
  return key;
};
