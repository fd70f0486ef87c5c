import { playGovernance } from '../conformance/govern-script.ts';
import { messagesOfContract } from '../conformance/messages-of-contract.ts';
import { playMigration } from '../conformance/migration-script.ts';
import { asChainUnderTest, wasmdNetwork } from '../conformance/on-wasmd.ts';
import { playUntilMet } from '../conformance/play-until-met.ts';
import { playQuorate, uploadQuorate } from '../conformance/quorate-script.ts';
import { playSessions } from '../conformance/session-script.ts';
import { Transcript } from '../conformance/transcript.ts';

/** What a commit with its ECVRF check may cost. */
const COMMIT_GOAL = 300_000;

/** Gas of each message of the contract on wasmd, in the order of the conformance suite's plays; refused ones cost as well. */
export const gasOfMessages = async (): Promise<void> => {
  const chain = asChainUnderTest(await wasmdNetwork(1));
  try {
    const { codeId, uploaded } = await uploadQuorate(chain);
    const upload = new Transcript();
    upload.add('upload', uploaded);
    const plays = {
      upload,
      query: await playUntilMet(() => playQuorate(chain, codeId)),
      sessions: (await playUntilMet(() => playSessions(chain, codeId))).log,
      governance: (await playUntilMet(() => playGovernance(chain, codeId))).log,
      migration: (await playUntilMet(() => playMigration(chain, codeId))).log,
    };
    const accepted = new Map<string, number[]>();
    print('\n| play | step | message | gas used | code |\n|---|---|---|---|---|');
    for (const [play, { gas, entries }] of Object.entries(plays)) {
      for (const { step, code } of entries) {
        const { message, used } = gas.get(step) ?? { message: '', used: 0 };
        print(`| ${play} | ${step} | ${message} | ${used} | ${code} |`);
        if (code === 0) accepted.set(message, [...(accepted.get(message) ?? []), used]);
      }
    }
    print('\n| message | accepted | least gas | most gas |\n|---|---|---|---|');
    for (const [message, used] of accepted) {
      print(`| ${message} | ${used.length} | ${Math.min(...used)} | ${Math.max(...used)} |`);
    }
    const missing = messagesOfContract().filter((message) => !accepted.has(message));
    print(`\nmessages of the contract that were not accepted once: ${missing.join(', ') || 'none'}`);
    print(`largest accepted commit: ${Math.max(...(accepted.get('commit') ?? []))} gas (goal: at most ${COMMIT_GOAL})`);
  } finally {
    await chain.close();
  }
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);
