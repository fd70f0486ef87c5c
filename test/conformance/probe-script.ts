import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { ChainUnderTest } from './chain-under-test.ts';
import { attribute, Sender, type TxOptions } from './sender.ts';
import { Transcript } from './transcript.ts';

export const PROBE = Uint8Array.from(
  readFileSync(new URL('../../infra/chain/devchain/testdata/probe-contract.wasm', import.meta.url)),
);
/** The same behaviour under another checksum: a custom section that nobody reads. */
export const PROBE_NEXT = Uint8Array.from([...PROBE, 0, 6, 4, ...Buffer.from('next'), 1]);

const UPLOAD: TxOptions = { gas: 5_000_000 };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inner = (msg: object): string => base64(JSON.stringify(msg));

/** The same messages in the same order on any chain: every kind that x/wasm has, what a contract can answer, and its failures. */
export const playProbe = async (chain: ChainUnderTest): Promise<Transcript> => {
  const alice = new Sender(chain, 'alice');
  const bob = new Sender(chain, 'bob');
  const log = new Transcript();
  log.name(alice.address, 'alice');
  log.name(bob.address, 'bob');

  const first = await alice.deliver([alice.upload(PROBE)], UPLOAD);
  log.add('upload', first);
  const codeId = Number(attribute(first, 'store_code', 'code_id'));
  const second = await alice.deliver([alice.upload(gzipSync(PROBE_NEXT))], UPLOAD);
  log.add('upload gzipped', second);
  const nextId = Number(attribute(second, 'store_code', 'code_id'));

  const born = await alice.deliver([alice.instantiate(codeId, { label: 'one' }, 'probe', alice.address)]);
  const probe = attribute(born, 'instantiate', '_contract_address');
  log.name(probe, 'probe');
  log.add('instantiate', born);

  const step = async (name: string, from: Sender, messages: Parameters<Sender['sign']>[0], options?: TxOptions) => {
    const answer = await from.broadcast(await from.sign(messages, options));
    if (answer.code === 0) log.add(name, await from.included(answer.hash));
    else log.refused(name, answer);
  };
  const run = (name: string, msg: object, unes?: string) => step(name, alice, [alice.execute(probe, msg, unes)]);

  await step('send', alice, [alice.send(bob.address, '5')]);
  await run('set', { set: { key: 'k', value: 'v' } });
  await run('remove', { remove: { key: 'k' } });
  await run('event', { emit: { query_id: '7' } });
  await run('attributes are trimmed', { emit: { query_id: ' 7 ' } });
  await run('empty value', { emit: { query_id: '' } });
  await run('data', { data: { data: base64('payload') } });
  await run('empty data', { data: { data: '' } });
  await run('pay', { pay: { to: bob.address, amount: [{ denom: chain.denom, amount: '40' }] } }, '100');
  await run('burn', { burn: { amount: [{ denom: chain.denom, amount: '60' }] } });
  const ok = inner({ set: { key: 'sub', value: 'kept' } });
  const bad = inner({ set_then_fail: { key: 'sub', value: 'lost' } });
  const sub = (msgs: string[], on: string, extra: object = {}) => ({
    sub: { before: on, msgs, reply_on: on, reply_fails: false, reply_data: null, ...extra },
  });
  await run('submessage replied to', sub([ok], 'success', { reply_data: base64('from reply') }));
  await run('submessage failing, replied to', sub([bad, ok], 'always'));
  await run('submessage failing, error wanted', sub([bad], 'error'));
  await run('submessage failing, no reply', sub([ok, bad], 'never'));
  await run('reply fails', sub([ok], 'success', { reply_fails: true }));
  const child = await alice.deliver([alice.execute(probe, { spawn: { code_id: codeId, label: 'child' } })]);
  log.name(attribute(child, 'instantiate', '_contract_address'), 'child');
  log.add('contract makes contract', child);
  const grandchild = attribute(child, 'instantiate', '_contract_address');
  await run('contract calls contract', {
    call: { contract: grandchild, msg: inner({ emit: { query_id: '9' } }), funds: [] },
  });
  await step('several messages', alice, [
    alice.execute(probe, { set: { key: 'm1', value: 'v' } }),
    alice.send(bob.address, '1'),
    alice.execute(probe, { data: { data: base64('third') } }),
  ]);

  await run('contract error', { set_then_fail: { key: 'gone', value: 'x' } });
  await step('the second of two fails', alice, [
    alice.execute(probe, { set: { key: 'gone', value: 'x' } }),
    alice.execute(probe, { set_then_fail: { key: 'gone', value: 'x' } }),
  ]);
  await run('unknown message', { no_such: {} });
  await run('panic', { panic: {} });
  await run('trap', { trap: {} });
  await run('paying more than it has', { pay: { to: bob.address, amount: [{ denom: chain.denom, amount: '1' }] } });
  await step('unknown contract', alice, [alice.execute(alice.address, { set: { key: 'k', value: 'v' } })]);
  await step('unknown code', alice, [alice.instantiate(999, { label: 'x' }, 'x')]);
  await step('instantiate refuses its message', alice, [alice.instantiate(codeId, { nothing: 1 }, 'x')]);
  await step('more than the balance', alice, [alice.send(bob.address, '9000000000')]);
  await step('funds beyond the balance', alice, [alice.execute(probe, { emit: { query_id: '1' } }, '9000000000')]);
  await step('no label', alice, [alice.instantiate(codeId, { label: 'x' }, '')]);
  await step('label with spaces around', alice, [alice.instantiate(codeId, { label: 'x' }, ' x ')]);
  await step('label too long', alice, [alice.instantiate(codeId, { label: 'x' }, 'x'.repeat(129))]);
  await step('code id 0', alice, [alice.instantiate(0, { label: 'x' }, 'x')]);
  await step('no amount', alice, [
    { ...alice.send(bob.address, '1'), value: { fromAddress: alice.address, toAddress: bob.address, amount: [] } },
  ]);
  await step('amount of zero', alice, [alice.send(bob.address, '0')]);
  await step('to a foreign address', alice, [alice.send('cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6', '1')]);
  await step('no address', alice, [alice.execute('nobody', { set: { key: 'k', value: 'v' } })]);
  await step('no code', alice, [alice.upload(new Uint8Array(0))]);
  await step('not wasm', alice, [alice.upload(Uint8Array.of(1, 2, 3, 4))], UPLOAD);

  await step('migrate by a stranger', bob, [bob.migrate(probe, nextId, { label: 'two' })]);
  await step('migrate to unknown code', alice, [alice.migrate(probe, 999, { label: 'two' })]);
  await step('migrate', alice, [alice.migrate(probe, nextId, { label: 'two' })]);
  await step('migrate refuses its message', alice, [alice.migrate(probe, nextId, { nothing: 1 })]);
  await step('update admin by a stranger', bob, [bob.updateAdmin(probe, bob.address)]);
  await step('update admin by another stranger', bob, [bob.updateAdmin(probe, grandchild)]);
  await step('update admin', alice, [alice.updateAdmin(probe, bob.address)]);
  await step('clear admin by the former admin', alice, [alice.clearAdmin(probe)]);
  await step('clear admin', bob, [bob.clearAdmin(probe)]);
  await step('migrate without an admin', bob, [bob.migrate(probe, codeId, { label: 'three' })]);
  return log;
};
