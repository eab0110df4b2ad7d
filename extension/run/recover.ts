/** What is shown after a reload of the window. */
import type * as vscode from 'vscode';
import type { Server } from '../client';
import { runName, type KnownRun } from '../kept/keptRun';
import { Opening } from '../kept/opening';
import { openShownBefore } from '../kept/recordings';
import { knownRuns, liveProcesses, remember } from '../kept/storage';
import { describe, say } from '../messages';
import type { Runs } from './runs';

/** Shows the run that went on or was shown before the reload. Returns it where its program still goes on. */
export async function showRunOfBefore(
  context: vscode.ExtensionContext,
  server: Server,
  runs: Runs,
): Promise<KnownRun | undefined> {
  const newest = (await knownRuns(context))[0];
  if (!newest || newest.ended) {
    await openShownBefore(context, server, runs);
    return undefined;
  }
  const { run, runDir: path } = newest;
  const title = runName(newest);
  const live = (await liveProcesses(path)).length > 0;
  const open = () => runs.open({ run, path, title, live });
  try {
    // A recording that is being written was made on this machine by this extension. If it were not followed, its figures
    // would be lost, so it is opened without the check for recordings that keep the server busy.
    await (live ? open() : new Opening(context.workspaceState, server).open(run, path, open));
  } catch (error) {
    await remember(path, { ended: true });
    say(
      'warning',
      `The window was reloaded while ${title} was being profiled, and its recording cannot be opened: ${describe(error)}`,
    );
    return undefined;
  }
  if (live) return newest;
  await remember(path, { ended: true });
  say(
    'information',
    `The window was reloaded while ${title} was being profiled. What was recorded until it ended is shown.`,
  );
  return undefined;
}
