/** The help, laid out for 80 columns from the table of options. */
import { commands, type CommandName, type Option } from './options';

const width = 80;
const indent = '  ';
/** Where the explanation of an option begins. */
const explained = 24;

/** `lineheat --help`, or that of one command. */
export function helpText(topic?: CommandName): string {
  const command = commands.find(({ name }) => name === topic);
  if (!command) return overview();
  const usage = command.usage.map((line) => `${indent}lineheat ${line}`);
  const paragraphs = command.help.map((text) => wrap(text, '').join('\n'));
  return [
    `lineheat ${command.name}: ${command.summary}`,
    usage.join('\n'),
    ...paragraphs,
    command.options.map(explain).join('\n'),
  ]
    .map((block) => `${block}\n`)
    .join('\n');
}

function overview(): string {
  const rows = commands.map(
    ({ usage: [first], summary }) => `${indent}lineheat ${first}\n${indent}${indent}${summary}`,
  );
  const run = commands[0];
  return [
    'lineheat: what every line of a Python program costs',
    rows.join('\n'),
    wrap('Options of run (lineheat run --help explains the ways to name a program):', '').join(
      '\n',
    ),
    run.options.map(explain).join('\n'),
    `${indent}lineheat COMMAND --help     more about a command\n${indent}lineheat --version          which one this is`,
  ]
    .map((block) => `${block}\n`)
    .join('\n');
}

function explain(option: Option): string {
  const names = option.names.join(', ') + (option.value ? ` ${option.value}` : '');
  const lines = wrap(option.help, ' '.repeat(explained));
  if (indent.length + names.length > explained - 2) return [indent + names, ...lines].join('\n');
  return (indent + names).padEnd(explained) + lines.join('\n').trimStart();
}

/** Words in lines of at most `width` columns, each behind `margin`. */
function wrap(text: string, margin: string): string[] {
  const lines: string[] = [];
  let line = margin;
  for (const word of text.split(' ')) {
    const longer = line === margin ? line + word : `${line} ${word}`;
    if (longer.length > width && line !== margin) {
      lines.push(line);
      line = margin + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
