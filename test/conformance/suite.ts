import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryAnswers, refusals } from './answers.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { linesOf, SHAPE_DIFFERENCES, withoutDifferences } from './differences.ts';
import { playGovernance } from './govern-script.ts';
import { playGrants } from './grants-script.ts';
import { acceptedIn, messagesOfContract } from './messages-of-contract.ts';
import { playMigration } from './migration-script.ts';
import { playUntilMet } from './play-until-met.ts';
import { playProbe } from './probe-script.ts';
import { playQuorate, uploadQuorate } from './quorate-script.ts';
import { rpcShapes } from './rpc-shapes.ts';
import { playSessions } from './session-script.ts';
import type { Played } from './stage.ts';
import { transactionSuite } from './transactions.ts';
import type { Transcript } from './transcript.ts';
import { websocketSuite } from './websocket.ts';

const snapshot = (name: string): string => new URL(`./snapshots/${name}.json`, import.meta.url).pathname;
const text = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

type Script<T> = (chain: ChainUnderTest, codeId: number) => Promise<T>;

const PLAYS: readonly { readonly what: string; readonly file: string; readonly script: Script<Played> }[] = [
  { what: 'plays sessions to every end, and pays by the formulas', file: 'sessions', script: playSessions },
  { what: 'governs alike: trials, rules, parameters, weights, the pool', file: 'governance', script: playGovernance },
  { what: 'migrates from 0.1.0 in mid-query, and never back', file: 'migration', script: playMigration },
];

/**
 * Everything that our code relies on, as one chain does it. Answers are compared with committed files, and every chain with the
 * same ones: two chains that pass behave alike.
 */
export const conformanceSuite = (name: string, open: () => Promise<ChainUnderTest>): void => {
  describe(`conformance: ${name}`, () => {
    let chain: ChainUnderTest;
    let codeId: number;
    const accepted = new Set<string>();
    const play = async <T extends Transcript | Played>(script: Script<T>): Promise<T> => {
      const played = await playUntilMet(() => script(chain, codeId));
      for (const message of acceptedIn('log' in played ? played.log : played)) accepted.add(message);
      return played;
    };
    const get = (): ChainUnderTest => chain;
    beforeAll(async () => {
      chain = await open();
      codeId = (await uploadQuorate(chain)).codeId;
    });
    afterAll(() => chain?.close());

    it('gives the same events, data and errors for the same messages', async () => {
      const { entries } = await playProbe(chain);
      await expect(text(entries)).toMatchFileSnapshot(snapshot('probe'));
    });

    it('lets one account act and pay for another alike', async () => {
      const { entries } = await playGrants(chain);
      await expect(text(entries)).toMatchFileSnapshot(snapshot('grants'));
    });

    it('plays a query with the same events and data, each window open to its last height and no further', async () => {
      const { entries } = await play(playQuorate);
      const codes = new Map(entries.map(({ step, code }) => [step, code]));
      for (const works of ['commit at the last height', 'reveal at the first height', 'reveal at the last height']) {
        expect([works, codes.get(works)]).toEqual([works, 0]);
      }
      for (const refused of ['commit one height too late', 'reveal at the last height of commits']) {
        expect([refused, codes.get(refused)]).toEqual([refused, 5]);
      }
      const late = entries.find(({ step }) => step === 'reveal one height too late');
      expect(late?.events.join()).toContain('outcome=late');
      await expect(text(entries)).toMatchFileSnapshot(snapshot('quorate'));
    });

    for (const { what, file, script } of PLAYS) {
      it(what, async () => {
        const { log, checks } = await play(script);
        expect(checks.map(({ what, seen }) => [what, seen])).toEqual(checks.map(({ what, due }) => [what, due]));
        await expect(text({ entries: log.entries, values: log.values })).toMatchFileSnapshot(snapshot(file));
      });
    }

    it('has played every message of the contract, and had it accepted', () => {
      expect(messagesOfContract().filter((message) => !accepted.has(message))).toEqual([]);
    });

    it('refuses transactions with the same codes and words', async () => {
      await expect(text(await refusals(chain))).toMatchFileSnapshot(snapshot('refusals'));
    });

    it('answers queries with the same values and errors', async () => {
      await expect(text(await queryAnswers(chain))).toMatchFileSnapshot(snapshot('queries'));
    });

    it('answers every RPC method in the same form, but for the listed differences', async () => {
      const shapes = await rpcShapes(chain);
      await expect(text(withoutDifferences(shapes))).toMatchFileSnapshot(snapshot('rpc'));
      for (const difference of SHAPE_DIFFERENCES) {
        const lines = linesOf(shapes, difference);
        if (chain.name === 'devchain') expect(lines).toEqual(difference.devchain);
        else expect(lines, difference.reason).not.toEqual(difference.devchain);
      }
    });

    transactionSuite(get);
    websocketSuite(get);
  });
};
