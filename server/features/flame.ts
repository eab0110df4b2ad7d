/** Answers lineheat/flame: the flame chart's tables, piece by piece, at the pace the client asks. */
import { encodeFlameChunk } from '../../protocol/flameChunk';
import { encodeFlameMemory } from '../../protocol/flameMemory';
import type { FlameParams, FlameResult } from '../../protocol/lsp';
import type { Fold } from '../../profile/view/fold';
import type { Run } from '../reading/run';
import { samplingSummary } from '../output/sampling';

const finished: FlameResult = { cursor: 0, chunk: '', more: false, done: true, sampling: '' };

/** The next piece of a run's tables. `live`: more may come. For an unknown run, `opened` undefined, an empty last piece. */
export function readFlame(
  opened: { run: Run; live: boolean; fold?: Fold | undefined } | undefined,
  params: FlameParams,
): FlameResult {
  if (!opened) return finished;
  const { run, live, fold } = opened;
  const look = { native: params.native, fold };
  const { builder } = run;
  const revision = builder.memoryRevision;
  // Taken before the rows, because the rows have to hold every frame that it names.
  const memory =
    params.memory === undefined || params.memory === revision
      ? undefined
      : {
          revision,
          data: Buffer.from(encodeFlameMemory(builder.flameMemory(look))).toString('base64'),
        };
  const { tables, cursor, more, empty } = builder.flameSince(params.cursor, look);
  const chunk = empty ? '' : Buffer.from(encodeFlameChunk(tables)).toString('base64');
  const sampling = samplingSummary(run.profile());
  return { cursor, chunk, more, done: !more && !live, sampling, ...(memory ? { memory } : {}) };
}
