import type { MeasuredUsage } from '../../../infra/aws/cost-model.ts';
import type { CountedCall } from '../../cloud/proxy/counting-proxy.ts';
import { added, TableMeter, type TableUnits } from './table-units.ts';

type Counts = Pick<MeasuredUsage, 'table' | 'queues' | 'blobs' | 'signatures' | 'secretCalls'>;

const NOTHING: Counts = {
  table: { writeUnits: 0, readUnits: 0 },
  queues: { standard: 0, fifo: 0 },
  blobs: { puts: 0, gets: 0 },
  signatures: 0,
  secretCalls: 0,
};

/** Counts what functions and workers ask of AWS, as it is billed. */
export class UsageCounter {
  readonly #meter = new TableMeter();
  #counts = NOTHING;
  readonly #calls = new Map<string, number>();

  /** Since the last call of this. */
  take(): { readonly counts: Counts; readonly calls: ReadonlyMap<string, number> } {
    const writes = [...this.#meter.byKind].map(([kind, units]) => [`write units of ${kind}`, units] as const);
    const taken = { counts: this.#counts, calls: new Map([...this.#calls, ...writes]) };
    this.#meter.byKind.clear();
    this.#counts = NOTHING;
    this.#calls.clear();
    return taken;
  }

  readonly onCall = (call: CountedCall): void => {
    const name = `${call.service} ${call.operation}`;
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
    const { table, queues, blobs } = this.#counts;
    switch (call.service) {
      case 'dynamodb':
        this.#counts = { ...this.#counts, table: added([table, this.#units(call)]) };
        break;
      case 'sqs': {
        const kind = call.passing.body.includes('.fifo') ? 'fifo' : 'standard';
        this.#counts = { ...this.#counts, queues: { ...queues, [kind]: queues[kind] + 1 } };
        break;
      }
      case 's3': {
        const kind = call.operation === 'PutObject' ? 'puts' : 'gets';
        this.#counts = { ...this.#counts, blobs: { ...blobs, [kind]: blobs[kind] + 1 } };
        break;
      }
      case 'kms':
        if (call.operation === 'Sign') this.#counts = { ...this.#counts, signatures: this.#counts.signatures + 1 };
        break;
      case 'secretsmanager':
        this.#counts = { ...this.#counts, secretCalls: this.#counts.secretCalls + 1 };
        break;
      default:
    }
  };

  #units({ operation, passing, answer, status }: CountedCall): TableUnits {
    const answered = answer.body.length === 0 ? {} : JSON.parse(answer.body.toString());
    return this.#meter.of(operation, JSON.parse(passing.body.toString()), answered, status !== 200);
  }
}
