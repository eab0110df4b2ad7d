import { commands, programForms, shells, type Option } from '../arguments/options';

/** A function for bash's programmable completion. An empty answer means file names, unless told otherwise. */
export function completeBash(): string {
  return `# Completions of lineheat for bash; "lineheat completions --help" says where they go.
_lineheat() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} words= at
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    compopt +o default
    COMPREPLY=($(compgen -W '${commandWords()}' -- "$cur"))
    return
  fi
  # Where the program is named, its own arguments begin.
  for ((at = 2; at < COMP_CWORD; at++)); do
    case $command:\${COMP_WORDS[at]} in
      ${valued(() => true)}) ((at++)) ;;
      run:--exec)
        ((at + 1 == COMP_CWORD)) && COMPREPLY=($(compgen -c -- "$cur"))
        return
        ;;
      run:-m | run:-c | run:- | run:--) return ;;
      run:-*) ;;
      run:*) return ;;
    esac
  done
  if ((at > COMP_CWORD)); then
    case $command:\${COMP_WORDS[COMP_CWORD - 1]} in
${worded()}
      ${valued(({ completes }) => completes === undefined)}) compopt +o default; return ;;
      *) return ;;
    esac
  elif [[ $cur == -* ]]; then
    case $command in
${optioned()}
    esac
  elif [[ $command == completions ]]; then
    words='${shells.join(' ')}'
  else
    return
  fi
  compopt +o default
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lineheat lineheat
`;
}

function commandWords(): string {
  return [...commands.map(({ name }) => name), '--help', '--version'].join(' ');
}

/** A pattern of the options that take a value of some kind: `run:-o | run:--output`. */
function valued(wanted: (option: Option) => boolean): string {
  const found = commands.flatMap(({ name, options }) =>
    options
      .filter((option: Option) => option.value !== undefined && wanted(option))
      .flatMap(({ names }) => names.map((spelled) => `${name}:${spelled}`)),
  );
  return found.join(' | ');
}

function worded(): string {
  const cases = commands.flatMap(({ name, options }) =>
    options.flatMap(({ names, completes }: Option) =>
      typeof completes === 'object'
        ? `      ${names.map((spelled) => `${name}:${spelled}`).join(' | ')}) words='${completes.join(' ')}' ;;`
        : [],
    ),
  );
  return cases.join('\n');
}

function optioned(): string {
  const cases = commands.map(({ name, options }) => {
    const forms = name === 'run' ? programForms.map((form) => form.name) : [];
    const all = [...options.flatMap(({ names }) => [...names]), ...forms];
    return `      ${name}) words='${all.join(' ')}' ;;`;
  });
  return cases.join('\n');
}
