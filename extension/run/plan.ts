import { basename } from 'node:path';
import * as vscode from 'vscode';
import { commands, type PlanRunResult } from '../../protocol/lsp';
import type { Server } from '../client';
import type { KnownRun } from '../kept/keptRun';
import { workspaceKey } from '../kept/storage';
import { UserError, type Action } from '../messages';
import { interpreterSetting } from './interpreter';
import type { Launch } from './launch';

/** How a program is to be started under the agent, as the server found out. */
export type Plan = Extract<PlanRunResult, { ok: true }>;

/** Profiles the file in the editor, instead of its tests. */
export const profileItself: Action = {
  title: 'Profile This File',
  run: () => vscode.commands.executeCommand(commands.profileFile),
};

/** Asks the server how to start a program. Throws a UserError where it cannot be started. */
export async function planRun(server: Server, launch: Launch, storage: string): Promise<Plan> {
  const { program, module, args, cwd, interpreters, env, intervalUs, memory } = launch;
  const plan = await server.planRun({
    program,
    module,
    args,
    cwd,
    interpreters,
    env,
    storage,
    intervalUs,
    memory,
    ...(launch.name === undefined ? {} : { name: launch.name }),
    ...(launch.tests ? { tests: true } : {}),
  });
  if (plan.ok) return plan;
  const actions = { noTestRunner: profileItself, badInterpreter: chooseInterpreter(launch) };
  throw new UserError(plan.message, plan.code && actions[plan.code]);
}

/** The description of a planned run, which is kept beside its recordings. */
export function describePlanned(launch: Launch, plan: Plan): KnownRun {
  return {
    run: plan.run,
    runDir: plan.runDir,
    program: basename(launch.program),
    ...(launch.name === undefined ? {} : { name: launch.name }),
    ...(launch.file === undefined ? {} : { file: launch.file }),
    args: launch.args,
    ...(launch.tests ? { tests: true } : {}),
    command: [plan.command, ...plan.args],
    cwd: plan.cwd,
    startedUnixMs: Date.now(),
    ended: false,
    workspace: workspaceKey(),
  };
}

/** Leads to choosing another interpreter. */
function chooseInterpreter({ interpreters }: Launch): Action {
  // The setting wins over the Python extension: while it is set, choosing there would change nothing.
  const isSet = interpreters[0]?.source === interpreterSetting;
  return {
    title: isSet ? 'Open Settings' : 'Choose Interpreter',
    run: async () => {
      const available = await vscode.commands.getCommands(true);
      await (!isSet && available.includes('python.setInterpreter')
        ? vscode.commands.executeCommand('python.setInterpreter')
        : vscode.commands.executeCommand('workbench.action.openSettings', 'lineheat.interpreter'));
    },
  };
}
