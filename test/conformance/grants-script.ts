import { GenericAuthorization } from 'cosmjs-types/cosmos/authz/v1beta1/authz';
import { MsgExec, MsgGrant, MsgRevoke } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { BasicAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/feegrant';
import { MsgGrantAllowance, MsgRevokeAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/tx';
import {
  AcceptedMessageKeysFilter,
  ContractExecutionAuthorization,
  MaxCallsLimit,
} from 'cosmjs-types/cosmwasm/wasm/v1/authz';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { timestampFromMs } from '../../infra/chain/devchain/comet/header.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { PROBE } from './probe-script.ts';
import { attribute, registry, Sender, type TxOptions } from './sender.ts';
import { Transcript } from './transcript.ts';

/** What lanes rely on: one account that acts for another, one that pays for another, and transactions without a sequence. */
export const playGrants = async (chain: ChainUnderTest): Promise<Transcript> => {
  const granter = new Sender(chain, 'granter');
  const grantee = new Sender(chain, 'grantee');
  const log = new Transcript();
  log.name(granter.address, 'granter');
  log.name(grantee.address, 'grantee');
  const uploaded = await granter.deliver([granter.upload(PROBE)], { gas: 5_000_000 });
  const codeId = Number(attribute(uploaded, 'store_code', 'code_id'));
  const born = await granter.deliver([granter.instantiate(codeId, { label: 'one' }, 'granted')]);
  const probe = attribute(born, 'instantiate', '_contract_address');
  log.name(probe, 'probe');

  const step = async (name: string, from: Sender, typeUrl: string, value: unknown, options?: TxOptions) => {
    const answer = await from.broadcast(await from.sign([{ typeUrl, value }], options));
    if (answer.code === 0) log.add(name, await from.included(answer.hash));
    else log.refused(name, answer);
  };
  const between = { granter: granter.address, grantee: grantee.address };
  const exec = (name: string, ...calls: (readonly [Sender, object])[]) =>
    step(name, grantee, MsgExec.typeUrl, {
      grantee: grantee.address,
      msgs: calls.map(([from, msg]) => registry.encodeAsAny(from.execute(probe, msg))),
    });
  const grant = (name: string, msg: string, expirationMs?: number, from = granter, to = grantee) =>
    step(name, from, MsgGrant.typeUrl, {
      granter: from.address,
      grantee: to.address,
      grant: {
        authorization: { typeUrl: GenericAuthorization.typeUrl, value: GenericAuthorization.encode({ msg }).finish() },
        ...(expirationMs !== undefined && { expiration: timestampFromMs(expirationMs) }),
      },
    });
  const event = (id: string) => ({ emit: { query_id: id } });

  await exec('act without a grant', [granter, event('1')]);
  await exec('act for oneself', [grantee, event('1')]);
  await exec('act with no messages');
  await grant('grant to oneself', MsgExecuteContract.typeUrl, undefined, granter, granter);
  await grant('grant an unknown message', '/no.such.Msg');
  await grant('grant', MsgExecuteContract.typeUrl);
  await exec('act for another and for oneself', [granter, event('2')], [grantee, event('3')]);
  await exec('data of each message', [granter, { data: { data: Buffer.from('payload').toString('base64') } }]);
  await exec('the second of two fails', [granter, event('4')], [granter, { set_then_fail: { key: 'k', value: 'v' } }]);
  await step('revoke', granter, MsgRevoke.typeUrl, { ...between, msgTypeUrl: MsgExecuteContract.typeUrl });
  await step('revoke again', granter, MsgRevoke.typeUrl, { ...between, msgTypeUrl: MsgExecuteContract.typeUrl });
  await exec('act after the grant', [granter, event('5')]);

  const grantCalls = (name: string, keys: string[], calls: bigint) =>
    step(name, granter, MsgGrant.typeUrl, {
      ...between,
      grant: {
        authorization: {
          typeUrl: ContractExecutionAuthorization.typeUrl,
          value: ContractExecutionAuthorization.encode({
            grants: [
              {
                contract: probe,
                limit: {
                  typeUrl: MaxCallsLimit.typeUrl,
                  value: MaxCallsLimit.encode({ remaining: calls }).finish(),
                },
                filter: {
                  typeUrl: AcceptedMessageKeysFilter.typeUrl,
                  value: AcceptedMessageKeysFilter.encode({ keys }).finish(),
                },
              },
            ],
          }).finish(),
        },
      },
    });
  await grantCalls('grant no calls', ['emit'], 0n);
  await grantCalls('grant no keys', [], 2n);
  await grantCalls('grant two calls of one message', ['emit'], 2n);
  await exec('another message than granted', [granter, { data: { data: '' } }]);
  await exec('the first of two calls', [granter, event('6')]);
  await exec('the last call ends the grant', [granter, event('7')]);
  await exec('no calls are left', [granter, event('8')]);

  const send = (name: string, fee: string) => {
    const { typeUrl, value } = grantee.send(granter.address, '1');
    return step(name, grantee, typeUrl, value, { fee, granter: granter.address });
  };
  const allow = (name: string, limit: string) =>
    step(name, granter, MsgGrantAllowance.typeUrl, {
      ...between,
      allowance: {
        typeUrl: BasicAllowance.typeUrl,
        value: BasicAllowance.encode({ spendLimit: [{ denom: chain.denom, amount: limit }] }).finish(),
      },
    });
  await send('another pays, without an allowance', '25000');
  await allow('allow', '60000');
  await allow('allow again', '60000');
  await send('another pays', '25000');
  await send('another pays more than is left', '40000');
  await send('another pays all that is left', '35000');
  await send('another pays, nothing is left', '25000');
  await allow('allow anew', '60000');
  await step('take the allowance back', granter, MsgRevokeAllowance.typeUrl, between);
  await step('take it back again', granter, MsgRevokeAllowance.typeUrl, between);

  const { typeUrl, value } = granter.send(grantee.address, '1');
  await step('unordered', granter, typeUrl, value, { sequence: 0, unorderedUntilMs: Date.now() + 60_000 });
  return log;
};
