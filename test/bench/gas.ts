import { asChainUnderTest, wasmdNetwork } from '../conformance/on-wasmd.ts';
import { playUntilMet } from '../conformance/play-until-met.ts';
import { uploadQuorate } from '../conformance/quorate-script.ts';

/** What a commit with its ECVRF check may cost. */
const COMMIT_GOAL = 300_000;

/** Gas of each message of the contract on wasmd, from one query played to its end; refused messages cost as well. */
export const gasOfMessages = async (): Promise<void> => {
  const chain = asChainUnderTest(await wasmdNetwork(1));
  try {
    const { codeId, uploaded } = await uploadQuorate(chain);
    const { gas, entries } = await playUntilMet(chain, codeId);
    const codes = new Map(entries.map(({ step, code }) => [step, code]));
    process.stdout.write(`${'message'.padEnd(44)} ${'gas used'.padStart(10)}  code\n`);
    for (const [step, used] of [['store_code', Number(uploaded.result.gasUsed)] as const, ...gas]) {
      process.stdout.write(`${step.padEnd(44)} ${String(used).padStart(10)}  ${codes.get(step) ?? 0}\n`);
    }
    const commits = [...gas].filter(([step]) => step.startsWith('commit') && codes.get(step) === 0);
    const most = Math.max(...commits.map(([, used]) => used));
    process.stdout.write(`largest accepted commit: ${most} gas (goal: at most ${COMMIT_GOAL})\n`);
  } finally {
    await chain.close();
  }
};
