import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { BadInputError } from '../../shared/errors.ts';
import { fromHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { Tenant } from '../../shared/rows/tenant.ts';
import { custodialAsksOff } from './ask-request.ts';
import type { ApiDeps } from './deps.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const NEXT = "Send 'authorization: Bearer KEY' with a key of this deployment; 'quorate' takes it from QUORATE_API_KEY.";

/**
 * Whose key a request carries. Undefined where the deployment knows no tenants, and asks nobody for a key.
 * @throws {BadInputError} `api-key-missing`, `api-key-unknown`
 */
export const tenantOf = ({ tenants }: Pick<ApiDeps, 'tenants'>, header: string | undefined): Tenant | undefined => {
  if (!tenants) return undefined;
  const key = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1];
  if (key === undefined) {
    throw new BadInputError('api-key-missing', 'this request needs an API key and carries none', { next: NEXT });
  }
  const hash = sha256(utf8(key));
  // All of them are compared, whichever it is: how long it takes tells nothing.
  const [tenant] = tenants.filter(({ apiKeySha256 }) => timingSafeEqual(fromHex(apiKeySha256), hash));
  if (tenant) return tenant;
  throw new BadInputError('api-key-unknown', 'the API key is none of this deployment', { next: NEXT });
};

/** Reading is open to all; what costs or changes something is a tenant's, where there are tenants. */
export const authorize =
  (deps: Pick<ApiDeps, 'tenants'>): MiddlewareHandler =>
  async (c, next) => {
    if (!READS.has(c.req.method)) {
      if (deps.tenants?.length === 0 && c.req.path === '/v1/queries') throw custodialAsksOff();
      tenantOf(deps, c.req.header('authorization'));
    }
    await next();
  };

/** Of routes in the OpenAPI document that {@link authorize} guards. */
export const NEEDS_KEY = [{ apiKey: [] }];
