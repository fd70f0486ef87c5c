/**
 * For every AWS client of a function. Region, credentials and endpoint come from the environment; connections are kept between
 * invocations. Bounded: two more attempts, and no request may outlive a good part of an invocation.
 */
export const CLIENT_SETTINGS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
} as const;
