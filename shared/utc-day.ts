/** Of days as POSIX counts them: without leap seconds. */
export const DAY_MS = 86_400_000;

/** Days since 1970-01-01 (UTC): what a daily quota or budget is counted by. */
export const utcDay = (nowMs: number): number => Math.floor(nowMs / DAY_MS);
