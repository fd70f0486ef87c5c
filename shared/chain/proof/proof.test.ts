import { MsgExec, MsgExecResponse } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract, MsgExecuteContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawDigest, tokensDigest } from '../../protocol/digest.ts';
import { toHex, utf8 } from '../../protocol/encoding.ts';
import { merkleRoot } from '../../protocol/merkle.ts';
import { sha256 } from '../../protocol/sha2.ts';
import { decodeOutcome, encodeOutcome, executions } from './execution.ts';
import { decodeHeader, encodeHeader, headerHash, headerTimeMs } from './header.ts';
import { comparePlaces, isIncluded, siblings, sidesOf } from './inclusion.ts';
import { resultKind } from './result-kind.ts';

describe('header', () => {
  // CometBFT v0.38 types/block_test.go TestHeaderHash, "Generates expected hash".
  const named = (name: string): Uint8Array => sha256(utf8(name));
  const header = {
    version: { block: 1n, app: 2n },
    chainId: 'chainId',
    height: 3n,
    time: { seconds: BigInt(Date.UTC(2019, 9, 13, 16, 14, 44) / 1_000), nanos: 0 },
    lastBlockId: { hash: new Uint8Array(32), partSetHeader: { total: 6, hash: new Uint8Array(32) } },
    lastCommitHash: named('last_commit_hash'),
    dataHash: named('data_hash'),
    validatorsHash: named('validators_hash'),
    nextValidatorsHash: named('next_validators_hash'),
    consensusHash: named('consensus_hash'),
    appHash: named('app_hash'),
    lastResultsHash: named('last_results_hash'),
    evidenceHash: named('evidence_hash'),
    proposerAddress: named('proposer_address').subarray(0, 20),
  };

  test('hash of the vector of CometBFT', () => {
    const expected = 'F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4';
    expect(toHex(headerHash(header)).toUpperCase()).toBe(expected);
    expect(toHex(headerHash(decodeHeader(encodeHeader(header)))).toUpperCase()).toBe(expected);
    expect(headerTimeMs(header)).toBe(Date.UTC(2019, 9, 13, 16, 14, 44));
  });

  test('every byte of the canonical encoding counts', () => {
    const bytes = encodeHeader(header);
    const hash = toHex(headerHash(header));
    for (const [at, byte] of bytes.entries()) {
      const changed = bytes.slice();
      changed[at] = byte ^ 1;
      let found: string | undefined;
      try {
        found = toHex(headerHash(decodeHeader(changed)));
      } catch {
        // Refused is as good as another hash.
      }
      expect(found, `byte ${at}`).not.toBe(hash);
    }
  });

  test('unknown fields and fields out of order are refused', () => {
    const bytes = encodeHeader(header);
    expect(() => decodeHeader(Uint8Array.from([...bytes, 0xf8, 0x07, 0x01]))).toThrow(RangeError);
    expect(() => decodeHeader(Uint8Array.from([...bytes, 0x18, 0x03]))).toThrow(RangeError);
  });
});

describe('inclusion', () => {
  const trees = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });

  test('every leaf of every tree is included at its place, and at no other', () =>
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), (contents, a, b) => {
        const leaves = contents.map((content, i) => Uint8Array.from([i, ...content]));
        const root = merkleRoot(leaves);
        const [i, j] = [a % leaves.length, b % leaves.length];
        const [sides, path] = [sidesOf(i, leaves.length), siblings(leaves, i)];
        expect(isIncluded(root, leaves[i]!, sides, path)).toBe(true);
        expect(isIncluded(root, leaves[j]!, sides, path)).toBe(i === j);
        expect(isIncluded(root, leaves[i]!, sidesOf(j, leaves.length), path)).toBe(i === j);
        expect(isIncluded(root, leaves[i]!, `${sides}r`, [...path, root])).toBe(false);
        expect(Math.sign(comparePlaces(sides, sidesOf(j, leaves.length)))).toBe(Math.sign(i - j));
      }),
    ));

  test('an inner node is no leaf, and hostile paths do not throw', () => {
    const leaves = [utf8('a'), utf8('b'), utf8('c')];
    const root = merkleRoot(leaves);
    expect(isIncluded(root, root, '', [])).toBe(false);
    expect(isIncluded(root, leaves[0]!, 'rr', [new Uint8Array(5), new Uint8Array()])).toBe(false);
    expect(isIncluded(root, leaves[0]!, 'r'.repeat(21), Array(21).fill(root))).toBe(false);
    expect(() => sidesOf(3, 3)).toThrow(RangeError);
  });
});

test('a result is its deterministic fields and nothing else', () => {
  const outcome = { code: 0, data: utf8('data'), gasWanted: 200_000n, gasUsed: 1n };
  const bytes = encodeOutcome(outcome);
  expect(decodeOutcome(bytes)).toEqual(outcome);
  // Field 3 is the log, which no header covers.
  expect(() => decodeOutcome(Uint8Array.from([...bytes, 0x1a, 0x01, 0x61]))).toThrow(RangeError);
});

test('the kind of a result follows from its digest', () => {
  const bytes = Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 9);
  expect(resultKind(bytes, rawDigest(bytes))).toBe('raw');
  expect(resultKind(bytes, tokensDigest([7, 9]))).toBe('tokens');
  expect(resultKind(bytes, sha256(bytes))).toBeUndefined();
});

describe('executions in a transaction', () => {
  const execution = (sender: string) => ({
    typeUrl: MsgExecuteContract.typeUrl,
    value: MsgExecuteContract.encode({ sender, contract: 'c', msg: utf8(`{"of":"${sender}"}`), funds: [] }).finish(),
  });
  const answered = (data: string) => MsgExecuteContractResponse.encode({ data: utf8(data) }).finish();
  const forOthers = (...senders: string[]) => ({
    typeUrl: MsgExec.typeUrl,
    value: MsgExec.encode({ grantee: 'lane', msgs: senders.map(execution) }).finish(),
  });
  const txOf = (...messages: Any[]) =>
    TxRaw.encode({
      bodyBytes: TxBody.encode(TxBody.fromPartial({ messages })).finish(),
      authInfoBytes: new Uint8Array(),
      signatures: [],
    }).finish();
  const outcomeOf = (...msgResponses: Any[]) => ({
    code: 0,
    data: TxMsgData.encode({ data: [], msgResponses }).finish(),
    gasWanted: 1n,
    gasUsed: 1n,
  });
  const execResponse = (...answers: string[]) => ({
    typeUrl: `${MsgExec.typeUrl}Response`,
    value: MsgExecResponse.encode({ results: answers.map(answered) }).finish(),
  });
  const ownResponse = { typeUrl: `${MsgExecuteContract.typeUrl}Response`, value: answered('own') };

  test('are those of its own messages and those that one account carried out for others, each with its answer', () => {
    const tx = txOf(execution('a'), forOthers('b', 'c'));
    const found = executions(tx, outcomeOf(ownResponse, execResponse('for b', 'for c')));
    expect(found.map(({ sender, data }) => [sender, Buffer.from(data).toString()])).toEqual([
      ['a', 'own'],
      ['b', 'for b'],
      ['c', 'for c'],
    ]);
  });

  test('are refused when messages and answers do not fit together', () => {
    const tx = txOf(forOthers('b', 'c'));
    expect(() => executions(tx, outcomeOf(execResponse('for b')))).toThrow('2 messages with 1 responses');
    expect(() => executions(tx, outcomeOf(ownResponse))).toThrow('expected /cosmos.authz.v1beta1.MsgExecResponse');
    expect(() => executions(tx, outcomeOf())).toThrow('1 messages with 0 responses');
  });
});
