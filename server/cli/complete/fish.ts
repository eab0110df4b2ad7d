import { commands, programForms, shells, type Option } from '../arguments/options';

/** Completions for fish, which offers file names where no line below says otherwise. */
export function completeFish(): string {
  const valued = commands.flatMap(({ options }) =>
    options.flatMap(({ names, value }: Option) => (value === undefined ? [] : [...names])),
  );
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c lineheat -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
    ...options.map((option) => optionLine(name, option)),
  ]);
  const forms = programForms.map(
    ({ name, help }) =>
      `complete -c lineheat -n '__lineheat_options run' ${spelling(name)} -d ${quote(help)}`,
  );
  return `# Completions of lineheat for fish; "lineheat completions --help" says where they go.
# True while options of the command may still come: not after the program, whose own arguments follow.
function __lineheat_options --argument-names command
  set -l words (commandline -opc)
  test "$words[2]" = "$command"; or return 1
  set -l skipped 0
  for word in $words[3..]
    if test $skipped = 1
      set skipped 0
      continue
    end
    switch $word
      case ${[...new Set(valued)].join(' ')}
        set skipped 1
      case -m -c -- - --exec
        test $command != run; or return 1
      case '-*'
      case '*'
        test $command != run; or return 1
    end
  end
  return 0
end
complete -c lineheat -n __fish_use_subcommand -f -s h -l help -d 'print help'
complete -c lineheat -n __fish_use_subcommand -f -s V -l version -d 'print the version'
${lines.join('\n')}
${forms.join('\n')}
complete -c lineheat -n 'test (count (commandline -opc)) -gt 2; and test (commandline -opc)[-1] = --exec' -f -a '(complete -C (commandline -ct))'
complete -c lineheat -n '__fish_seen_subcommand_from completions' -f -a '${shells.join(' ')}'
`;
}

function optionLine(command: string, { names, value, completes, help }: Option): string {
  const takes =
    value === undefined
      ? '-f'
      : completes === 'file'
        ? '-r -F'
        : completes
          ? `-x -a '${completes.join(' ')}'`
          : '-x';
  return `complete -c lineheat -n '__lineheat_options ${command}' ${names.map(spelling).join(' ')} ${takes} -d ${quote(help)}`;
}

function spelling(name: string): string {
  return name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}
