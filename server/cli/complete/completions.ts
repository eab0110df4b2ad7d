/** Completions for shells, made from the table of options. */
import { completeBash } from './bash';
import { completeFish } from './fish';
import { completeZsh } from './zsh';
import type { Shell } from '../arguments/options';

/** What a shell has to read to complete the words of `lineheat`. */
export function completions(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return completeBash();
    case 'zsh':
      return completeZsh();
    case 'fish':
      return completeFish();
  }
}
