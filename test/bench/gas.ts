import { playGovernance } from '../conformance/govern-script.ts';
import { acceptedIn, messagesOfContract } from '../conformance/messages-of-contract.ts';
import { playMigration } from '../conformance/migration-script.ts';
import { asChainUnderTest, wasmdNetwork } from '../conformance/on-wasmd.ts';
import { playUntilMet } from '../conformance/play-until-met.ts';
import { playQuorate, uploadQuorate } from '../conformance/quorate-script.ts';
import { playSessions } from '../conformance/session-script.ts';
import { Transcript } from '../conformance/transcript.ts';

/** What a commit with its ECVRF check may cost. */
const COMMIT_GOAL = 300_000;

/** Gas of each message of the contract on wasmd, in the order of the plays of the conformance suite; refused ones cost as well. */
export const gasOfMessages = async (): Promise<void> => {
  const chain = asChainUnderTest(await wasmdNetwork(1));
  const row = (step: string, message: string, used: number | string, code: number | string): void => {
    process.stdout.write(`${step.padEnd(50)} ${message.padEnd(17)} ${String(used).padStart(10)}  ${code}\n`);
  };
  try {
    row('step', 'message', 'gas used', 'code');
    const { codeId, uploaded } = await uploadQuorate(chain);
    const upload = new Transcript();
    upload.add('upload', uploaded);
    const logs = [
      upload,
      await playUntilMet(() => playQuorate(chain, codeId)),
      (await playUntilMet(() => playSessions(chain, codeId))).log,
      (await playUntilMet(() => playGovernance(chain, codeId))).log,
      (await playUntilMet(() => playMigration(chain, codeId))).log,
    ];
    const commits: number[] = [];
    for (const { gas, entries } of logs) {
      for (const { step, code } of entries) {
        const { message, used } = gas.get(step) ?? { message: '', used: 0 };
        row(step, message.slice(message.lastIndexOf('.') + 1), used, code);
        if (message === 'commit' && code === 0) commits.push(used);
      }
    }
    const played = new Set(logs.flatMap(acceptedIn));
    const missing = messagesOfContract().filter((message) => !played.has(message));
    process.stdout.write(`messages of the contract that were not played: ${missing.join(', ') || 'none'}\n`);
    process.stdout.write(`largest accepted commit: ${Math.max(...commits)} gas (goal: at most ${COMMIT_GOAL})\n`);
  } finally {
    await chain.close();
  }
};
