// One-way imports between rooms are enforced here; see ARCHITECTURE.md.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Rooms a room may import from, besides itself: the floors of the house, from the ground up.
 * @type {Record<string, string[]>}
 */
const mayImport = {
  recording: [],
  profile: ['recording'],
  formats: ['recording', 'profile'],
  protocol: ['recording', 'profile'],
  server: ['recording', 'profile', 'formats', 'protocol'],
  extension: ['recording', 'profile/words', 'protocol'],
  webview: ['recording', 'profile', 'protocol'],
};
const rooms = Object.keys(mayImport);
/** Rooms of plain TypeScript: no package, no Node, no DOM. */
const pure = ['recording', 'profile', 'formats', 'protocol'];

/** Inside a room: folders that may not import from some of their neighbours. */
const apart = [
  { files: 'profile/words', from: ['feed', 'ended', 'helpers', 'stacks', 'flame', 'view', 'thin'] },
  {
    files: 'profile/stacks',
    from: ['ended', 'helpers', 'memory', 'flame', 'view', 'thin', 'words'],
  },
  { files: 'webview/model', from: ['state', 'intents', 'draw', 'views', 'controls', 'save'] },
  { files: 'webview/state', from: ['intents', 'views', 'controls', 'save'] },
  { files: 'webview/intents', from: ['draw', 'views', 'controls', 'save'] },
  { files: 'server/symbols', from: ['cli', 'editing', 'features', 'launch', 'limit', 'output'] },
];

const boundaries = Object.entries(mayImport).flatMap(([room, below]) => {
  // A room of which only a folder may be imported is named with that folder.
  const forbidden = rooms
    .filter((other) => other !== room && !below.includes(other))
    .map((other) => {
      const folders = below.filter((name) => name.startsWith(`${other}/`));
      const allowed = folders.map((name) => `${name.slice(other.length + 1)}/`).join('|');
      return allowed ? `${other}/(?!${allowed})` : `${other}/`;
    });
  const patterns = [
    ...(forbidden.length > 0
      ? [
          {
            regex: `\\.\\./(${forbidden.join('|')})`,
            message: `${room}/ may import only ${below.join(', ') || 'itself'}.`,
          },
        ]
      : []),
    ...(pure.includes(room) ? [{ regex: '^[^.]', message: `${room}/ is pure TypeScript.` }] : []),
    ...(room === 'extension'
      ? []
      : [{ group: ['vscode'], message: 'Only extension/ talks to the editor.' }]),
  ];
  /**
   * @param {{group: string[], message: string}[]} more
   * @returns {NonNullable<import('typescript-eslint').ConfigWithExtends['rules']>}
   */
  const rule = (more) => ({
    'no-restricted-imports': ['error', { patterns: [...patterns, ...more] }],
  });
  return [
    { files: [`${room}/**/*.ts`], rules: rule([]) },
    ...apart
      .filter(({ files }) => files.startsWith(`${room}/`))
      .map(({ files, from }) => ({
        files: [`${files}/**/*.ts`],
        rules: rule([
          {
            group: from.map((name) => `../${name}/**`),
            message: `${files}/ knows nothing of ${from.join(', ')}.`,
          },
        ]),
      })),
  ];
});

export default tseslint.config(
  { ignores: ['dist/', '.tsbuild/', 'artifacts/', 'node_modules/', '**/fixtures/', '**/.venv/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'Buffer',
          'URL',
          'setTimeout',
          'clearTimeout',
          'performance',
          'fetch',
        ]
          .concat(['document', 'window', 'getComputedStyle', 'structuredClone', 'AbortController'])
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  ...boundaries,
  {
    // Text in a notification can become a link that runs a command: one file makes it plain.
    files: ['extension/**/*.ts'],
    ignores: ['extension/messages.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['showInformationMessage', 'showWarningMessage', 'showErrorMessage', 'withProgress'].map(
          (property) => ({ property, message: 'Use say, sayError or ask of messages.ts.' }),
        ),
      ],
    },
  },
);
