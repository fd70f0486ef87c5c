import type { Emulator } from '../../cloud/emulators.ts';

export interface FunctionUse {
  requests: number;
  /** Milliseconds that were billed, times GB of memory. */
  gbMs: number;
  logBytes: number;
}

interface Event {
  readonly message: string;
}

const MAX_EVENTS = 10_000;

const REPORT = /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: ([\d.]+) ms\tMemory Size: (\d+) MB/;

/** CloudWatch Logs of the emulator, which asks for no signature that holds. */
const call = async <T>({ endpoint }: Emulator, operation: string, body: object): Promise<T> => {
  const scope = 'Credential=test/20260101/us-east-1/logs/aws4_request';
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${operation}`,
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${operation} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
};

/**
 * What a deployment's functions used since then (epoch ms), by the lines that the emulator and they themselves wrote. START, END and REPORT are not
 * counted as bytes: deployed with system logs from WARN up, AWS does not write them.
 */
export const functionUse = async (
  emulator: Emulator,
  deployment: string,
  sinceMs: number,
): Promise<Map<string, FunctionUse>> => {
  const { logGroups } = await call<{ logGroups: { logGroupName: string }[] }>(emulator, 'DescribeLogGroups', {});
  const found = new Map<string, FunctionUse>();
  for (const { logGroupName } of logGroups) {
    const name = functionOf(logGroupName, deployment);
    if (name === undefined) continue;
    const use = found.get(name) ?? { requests: 0, gbMs: 0, logBytes: 0 };
    const filter = { logGroupName, startTime: sinceMs, limit: MAX_EVENTS };
    const { events } = await call<{ events: Event[] }>(emulator, 'FilterLogEvents', filter);
    if (events.length === MAX_EVENTS) throw new Error(`${logGroupName} has more lines than one answer holds: ask less`);
    for (const { message } of events) add(use, message);
    found.set(name, use);
  }
  return found;
};

const add = (use: FunctionUse, message: string): void => {
  const [, billedMs, memoryMiB] = REPORT.exec(message) ?? [];
  if (billedMs !== undefined && memoryMiB !== undefined) {
    use.requests += 1;
    use.gbMs += (Number(billedMs) * Number(memoryMiB)) / 1_024;
  } else if (!/^(START|END) RequestId/.test(message)) {
    // Each event is billed with 26 bytes more: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    use.logBytes += Buffer.byteLength(message) + 26;
  }
};

/** Groups that the stack makes are named after it and the construct: `bench-control-watchchainlogs5122A7B1-...`. */
const functionOf = (group: string, deployment: string): string | undefined => {
  const [, lambda] = new RegExp(`^/aws/lambda/${deployment}-(.+)$`).exec(group) ?? [];
  if (lambda !== undefined) return lambda;
  return new RegExp(`^${deployment}-control-(.+?)logs`).exec(group)?.[1];
};
