import { commands, programForms, shells, type Option } from '../arguments/options';

/** A function for zsh's completion system; it works as a file of $fpath and when it is sourced. */
export function completeZsh(): string {
  const described = commands.map(({ name, summary }) => quote(`${name}:${summary}`));
  const cases = commands.map(
    ({ name, options }) => `        (${name})
          _arguments -S ${[...options.flatMap(specs), ...rest(name)].join(' \\\n            ')}
          ;;`,
  );
  return `#compdef lineheat
# Completions of lineheat for zsh; "lineheat completions --help" says where they go.
_lineheat() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
    ${described.join('\n    ')}
  )
  _arguments -C '(- *)'{-h,--help}'[print help]' '(- *)'{-V,--version}'[print the version]' \\
    '1:command:->command' '*::argument:->arguments'
  case $state in
    (command) _describe command commands ;;
    (arguments)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _lineheat ]]; then
  _lineheat "$@"
else
  compdef _lineheat lineheat
fi
`;
}

/** What follows the options of a command. */
function rest(command: string): string[] {
  switch (command) {
    case 'run':
      return [
        `-A '-*'`,
        ...programForms.map(({ name, help }) => quote(`(-)${name}[${help}]:${afterForm(name)}`)),
        `'1:program:_files'`,
        `'*::arguments:_files'`,
      ];
    case 'completions':
      return [`'1:shell:(${shells.join(' ')})'`];
    default:
      return [`'1:recording:_files'`];
  }
}

function afterForm(name: string): string {
  return name === '--exec' ? '*::command:_normal' : `${name === '-m' ? 'module' : 'code'}: `;
}

/** One specification for each spelling, which excludes the others. */
function specs({ names, value, completes, help }: Option): string[] {
  const after =
    value === undefined
      ? ''
      : `:${value}:${completes === 'file' ? '_files' : completes ? `(${completes.join(' ')})` : ' '}`;
  const text = help.replace(/[[\]:\\]/g, (character) => `\\${character}`);
  return names.map((name) => {
    const joined = value !== undefined && name.startsWith('--') ? '=' : '';
    return quote(`(${names.join(' ')})${name}${joined}[${text}]${after}`);
  });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
