// Stands in for ms-python.python: the part of its published API that finds interpreters, told by a journey what to say.
import type { EnvironmentPath, PythonExtension, Resource } from '@vscode/python-extension';
import * as vscode from 'vscode';

/** What the journeys see and steer, through `exports.standIn`. */
export interface StandIn {
  /** Every question for the active interpreter: the URI it was about, and whether `ready` had resolved by then. */
  asked: { resource: string | undefined; ready: boolean }[];
  /** How often the user was led to choosing an interpreter. */
  choices: number;
  /** Resolves `ready`. */
  becomeReady(): void;
  /** Selects an interpreter. One that does not exist cannot be resolved, as in the real one; '' makes asking fail. */
  select(path: string): void;
}

export type StandInApi = Pick<PythonExtension, 'ready'> & {
  environments: Pick<
    PythonExtension['environments'],
    'getActiveEnvironmentPath' | 'resolveEnvironment'
  >;
  standIn: StandIn;
};

export function activate(context: vscode.ExtensionContext): StandInApi {
  let isReady = false;
  let selected = 'python';
  let settle: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (settle = resolve));
  const standIn: StandIn = {
    asked: [],
    choices: 0,
    becomeReady: () => {
      isReady = true;
      settle();
    },
    select: (path) => {
      selected = path;
    },
  };
  context.subscriptions.push(
    vscode.commands.registerCommand('python.setInterpreter', () => standIn.choices++),
  );
  return {
    ready,
    environments: {
      getActiveEnvironmentPath: (resource?: Resource): EnvironmentPath => {
        const uri = resource && 'uri' in resource ? resource.uri : resource;
        standIn.asked.push({ resource: uri?.toString(), ready: isReady });
        if (selected === '') throw new Error('it is broken');
        // Before it is ready, the real one knows of no selection and answers with the bare command.
        const path = isReady ? selected : 'python';
        return { id: path, path };
      },
      resolveEnvironment: async (environment) => {
        const path = typeof environment === 'string' ? environment : environment.path;
        const uri = vscode.Uri.file(path);
        const exists = await vscode.workspace.fs.stat(uri).then(
          () => true,
          () => false,
        );
        if (!exists) return undefined;
        return {
          id: path,
          path,
          executable: { uri, bitness: '64-bit', sysPrefix: '' },
          environment: undefined,
          version: undefined,
          tools: [],
        };
      },
    },
    standIn,
  };
}
