import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * What DynamoDB bills for a request, reckoned from the request and its answer, since an emulator's own figures are rough:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and `Limits` (item sizes).
 */

type Item = Readonly<Record<string, AttributeValue>>;

export interface TableUnits {
  readonly writeUnits: number;
  readonly readUnits: number;
}

const NONE: TableUnits = { writeUnits: 0, readUnits: 0 };

export const added = (units: readonly TableUnits[]): TableUnits => ({
  writeUnits: units.reduce((sum, each) => sum + each.writeUnits, 0),
  readUnits: units.reduce((sum, each) => sum + each.readUnits, 0),
});

/** As the API's JSON has it: bytes in base64. */
const valueBytes = ({ S, N, B }: AttributeValue): number => {
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  return B === undefined ? Buffer.byteLength(S ?? '') : Buffer.from(String(B), 'base64').length;
};

/** Names and values in UTF-8; a number takes a byte for each two digits, and one. */
const sizeBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

const writeUnits = (item: Item | undefined): number => Math.max(1, Math.ceil(sizeBytes(item ?? {}) / 1_024));
const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4_096));
const keyOf = ({ pk, sk }: Item): string => `${pk?.S}\n${sk?.S}`;

interface WriteAction {
  readonly Put?: { readonly Item: Item };
  readonly Delete?: { readonly Key: Item };
  readonly ConditionCheck?: { readonly Key: Item };
  readonly Update?: { readonly Key: Item; readonly ExpressionAttributeValues?: Item };
}

interface Request {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly TransactItems?: readonly WriteAction[];
  readonly ConsistentRead?: boolean;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, { readonly ConsistentRead?: boolean }>>;
}

interface Answer {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
}

/** Counts the units of one table, and remembers what lies in it, since what a write replaces is billed too. */
export class TableMeter {
  readonly #rows = new Map<string, Item>();
  /** Write units so far, by what the partition keys begin with. */
  readonly byKind = new Map<string, number>();

  /** @param failed what was refused is billed, but changes nothing */
  of(operation: string, request: Request, answer: Answer, failed: boolean): TableUnits {
    switch (operation) {
      case 'PutItem':
        return this.#write({ Put: { Item: request.Item ?? {} } }, 1, failed);
      case 'DeleteItem':
        return this.#write({ Delete: { Key: request.Key ?? {} } }, 1, failed);
      case 'TransactWriteItems':
        return added((request.TransactItems ?? []).map((action) => this.#write(action, 2, failed)));
      case 'GetItem':
        return this.#read(sizeBytes(answer.Item ?? {}), request.ConsistentRead);
      case 'Query':
      case 'Scan':
        return this.#read(
          (answer.Items ?? []).reduce((sum, item) => sum + sizeBytes(item), 0),
          request.ConsistentRead,
        );
      case 'BatchGetItem': {
        const [consistent] = Object.values(request.RequestItems ?? {});
        const items = Object.values(answer.Responses ?? {}).flat();
        return added(items.map((item) => this.#read(sizeBytes(item), consistent?.ConsistentRead)));
      }
      default:
        throw new Error(`nobody says what ${operation} is billed`);
    }
  }

  #read(bytes: number, consistent = false): TableUnits {
    return { ...NONE, readUnits: readUnits(bytes) * (consistent ? 1 : 0.5) };
  }

  #write({ Put, Delete, ConditionCheck, Update }: WriteAction, times: 1 | 2, failed: boolean): TableUnits {
    const after = Put?.Item ?? (Update && updated(Update));
    const key = keyOf(after ?? Delete?.Key ?? ConditionCheck?.Key ?? {});
    const before = this.#rows.get(key);
    const changes = !ConditionCheck && !failed;
    if (changes && after) this.#rows.set(key, after);
    else if (changes) this.#rows.delete(key);
    const larger = Math.max(writeUnits(before), writeUnits(after));
    const units = larger * times + (changes ? indexUnits(before, after) : 0);
    const [kind = ''] = key.split(/[/\n]/);
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + units);
    return { ...NONE, writeUnits: units };
  }
}

/** The store's own updates set every attribute of a row, or remove it: values are named after their attributes. */
const updated = ({ Key, ExpressionAttributeValues = {} }: NonNullable<WriteAction['Update']>): Item => {
  const { ':zero': _zero, ':one': version, ...set } = ExpressionAttributeValues;
  const attributes = Object.entries(set).map(([name, value]) => [name.slice(1), value] as const);
  return { ...Key, ...(version && { version }), ...Object.fromEntries(attributes) };
};

/** Of the index `due`, keys only: one to put in, one to take out, both where a key of it changes. */
const indexUnits = (before: Item | undefined, after: Item | undefined): number => {
  const entry = (item: Item | undefined) => item?.due_list && `${item.due_list.S} ${item.due_at?.N}`;
  const [was, is] = [entry(before), entry(after)];
  if (was === is) return 0;
  return (was === undefined ? 0 : 1) + (is === undefined ? 0 : 1);
};
