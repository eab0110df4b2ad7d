/** Completions for shells, made from the table of options. */
import { completeBash } from './completeBash';
import { completeFish } from './completeFish';
import { completeZsh } from './completeZsh';
import type { Shell } from './options';

/** What a shell has to read to complete the words of `linescope`. */
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
