import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const DEFLATE = 8;

interface Entry {
  readonly name: Buffer;
  readonly crc: number;
  readonly packed: Buffer;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** What local and central headers share (PKWARE APPNOTE 4.3.7, 4.3.12). Time is always the format's first day: same files, same bytes. */
const common = ({ name, crc, packed, sizeBytes }: Entry): Buffer => {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(VERSION, 0);
  fields.writeUInt16LE(DEFLATE, 4);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(sizeBytes, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
};

const signed = (signature: number, ...rest: Buffer[]): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(signature);
  return Buffer.concat([head, ...rest]);
};

const central = (entry: Entry): Buffer => {
  const made = Buffer.alloc(2);
  // By Unix, so that the attributes below are read as a mode.
  made.writeUInt16LE((3 << 8) | VERSION);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  tail.writeUInt32LE(entry.offset, 10);
  return signed(CENTRAL, made, common(entry), tail, entry.name);
};

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/** A folder's files as a ZIP archive, as Lambda takes code. */
export const zipFolder = (folder: string): Buffer => {
  const parts: Buffer[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  for (const path of filesUnder(folder)) {
    const bytes = readFileSync(join(folder, path));
    const packed = deflateRawSync(bytes);
    const entry = { name: Buffer.from(path), crc: crc32(bytes), packed, sizeBytes: bytes.length, offset };
    const local = Buffer.concat([signed(LOCAL, common(entry), entry.name), packed]);
    parts.push(local);
    entries.push(entry);
    offset += local.length;
  }
  const directory = Buffer.concat(entries.map(central));
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, signed(END, end)]);
};
