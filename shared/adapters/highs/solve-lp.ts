import loadHighs from 'highs';
import type { SolveLp } from '../../ports/solve-lp.ts';

/** Its types speak of the CommonJS build, whose default lies one level deeper than that of the module that Node loads. */
const load = loadHighs as unknown as typeof loadHighs.default;

/** HiGHS, compiled to WebAssembly: one thread, which it holds until it answers. Its dual bound is proven at any time. */
export const openHighs = async (): Promise<SolveLp> => {
  const highs = await load();
  const { optimal, infeasible } = highs.constants.modelStatus;
  return (lp, timeLimitS) =>
    highs.withModel({ format: 'lp', data: lp }, (model): ReturnType<SolveLp> => {
      model.options.set({ output_flag: false, time_limit: timeLimitS });
      model.run();
      const status = model.getModelStatus();
      return {
        status: status === optimal ? 'optimal' : status === infeasible ? 'infeasible' : 'time-limit',
        boundValue: Number(model.info.get('mip_dual_bound')),
      };
    });
};
