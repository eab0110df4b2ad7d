// One-way imports between rooms are enforced here; see ARCHITECTURE.md.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms a room may import from, besides itself. */
const mayImport = {
  profile: [],
  protocol: ['profile'],
  server: ['profile', 'protocol'],
  extension: ['protocol'],
  webview: ['profile', 'protocol'],
};
const rooms = Object.keys(mayImport);

const boundaries = rooms.map((room) => ({
  files: [`${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: rooms
              .filter((other) => other !== room && !mayImport[room].includes(other))
              .map((other) => `**/${other}/*`),
            message: `${room}/ may import only ${mayImport[room].join(', ') || 'itself'}.`,
          },
          ...(room === 'profile'
            ? [{ regex: '^[^.]', message: 'profile/ is pure TypeScript.' }]
            : []),
          ...(room === 'extension'
            ? []
            : [{ group: ['vscode'], message: 'Only extension/ talks to the editor.' }]),
        ],
      },
    ],
  },
}));

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
