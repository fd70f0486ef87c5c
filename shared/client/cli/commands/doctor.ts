import { type Command, expectArguments, openSession, parse, show } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';
import { examine, type Finding } from '../examine.ts';
import { EXIT } from '../output.ts';

const help = `quorate doctor [options]

Looks at everything a query needs, and says what to do about what is wrong. Exit code 0 when all is well, 4 otherwise.

  --json            one JSON document on stdout
${CONFIG_HELP}`;

const line = ({ ok, what, found, next }: Finding): string =>
  `${ok ? 'ok    ' : 'failed'}  ${what.padEnd(10)} ${found}${ok || next === undefined ? '' : `\n        -> ${next}`}`;

export const doctor: Command = {
  name: 'doctor',
  summary: 'find out what is wrong',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('doctor', args, {});
    expectArguments('doctor', positionals, []);
    const findings = await examine(io, () => openSession(io, values));
    const healthy = findings.every(({ ok }) => ok);
    show(io, values.json, { healthy, findings }, () => findings.map(line));
    return healthy ? EXIT.ok : EXIT.unreachable;
  },
};
