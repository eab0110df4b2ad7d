/** Links that run a client's command from a hover. */

/** A markdown link to a command; its arguments are JSON in the URI. */
export function commandLink(
  text: string,
  command: string,
  args: readonly unknown[] = [],
  title = '',
): string {
  const query = args.length > 0 ? `?${encodeURIComponent(JSON.stringify(args))}` : '';
  // Parentheses survive encodeURIComponent and would end the link.
  const target = `command:${command}${query}`.replace(/\(/g, '%28').replace(/\)/g, '%29');
  return `[${escapeMarkdown(text)}](${target}${title ? ` "${escapeMarkdown(title.replace(/"/g, "'"))}"` : ''})`;
}

/** Text that markdown shows as it is. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]|<>~$&]/g, '\\$&');
}

/** Code that markdown shows as it is, backticks included, also inside a table. */
export function codeSpan(text: string): string {
  const clean = text.replace(/\s+/g, ' ').replace(/\|/g, '¦');
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${clean} ${fence}` : `${fence}${clean}${fence}`;
}
