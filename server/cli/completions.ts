export function completions(shell: string): string {
  return shell;
}
