/** The part of a hover card that names compiled functions and system calls. */
import { timeMetricOf } from '../../../profile/metric';
import type { KernelShare, LineDetail } from '../../../profile/view/lineParts';
import type { LineCost } from '../../../profile/types';
import { cpuOf, wallOf } from '../../../profile/cost';
import { formatPercent } from '../../../profile/words/numbers';
import type { FeatureContext } from '../context';
import { isWaiting } from '../lineParts';
import { codeSpan, escapeMarkdown } from '../links';

const mostNatives = 3;
/** Functions with a smaller share of the line's time are left out. */
const leastShare = 0.05;
const mostKernel = 3;
/** System calls with a smaller share of the time in the kernel are left out. */
const leastOfKernel = 0.05;

/** The compiled functions in which the line spent a notable share of its time. */
export function natives(line: LineCost, { settings }: FeatureContext): string {
  const { self, natives } = line;
  const metric = timeMetricOf(settings.metric);
  const whole =
    metric === 'native' ? self.native : isWaiting(line, metric) ? wallOf(self) : cpuOf(self);
  const shown = natives.filter(({ self }) => self >= leastShare * whole).slice(0, mostNatives);
  const rows = shown.map(({ symbol, module, self: own }) => {
    const share = self.native > 0 ? formatPercent(Math.min(1, own / self.native)) : '';
    return [
      `${codeSpan(symbol)} ${share}`.trim(),
      symbol.startsWith(module) ? '' : escapeMarkdown(module),
    ]
      .filter(Boolean)
      .join(' · ');
  });
  return rows.join('  \n');
}

/**
 * `` In the kernel: `write` 92 % ``, where the line's own time is mostly there, or `` Waiting in `poll` 98 % ``; empty where
 * nothing is known of it.
 */
export function kernel({ self }: LineCost, details: readonly LineDetail[]): string {
  const leads = Math.max(self.python, self.native, self.system, self.wait - self.gil);
  const isOfSystem = self.system >= leads;
  const whole = isOfSystem ? self.system : self.wait - self.gil;
  if (whole <= 0 || whole < leads) return '';
  const of = (share: KernelShare): number => (isOfSystem ? share.systemNs : share.waitNs);
  const named = new Map<string, number>();
  for (const share of details.flatMap(({ kernel }) => kernel)) {
    named.set(share.name, (named.get(share.name) ?? 0) + of(share));
  }
  const shown = [...named]
    .filter(([, ns]) => ns >= leastOfKernel * whole)
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostKernel)
    .map(([name, ns]) => `${codeSpan(name)} ${formatPercent(Math.min(1, ns / whole))}`);
  if (shown.length === 0) return '';
  return `${isOfSystem ? 'In the kernel:' : 'Waiting in'} ${shown.join(', ')}`;
}
