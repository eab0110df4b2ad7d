/** Only my code: frames of other files are folded into the nearest frame below them that is the user's own. */
import type { ResolvedFrame } from '../feed/lineEntries';
import type { StackTree } from '../stacks/stackTree';

type Stacks = Pick<StackTree, 'visible' | 'parentOf' | 'frame'>;

/** A stack without any frame of the user's own keeps all its frames: nothing else could be charged. */
export class Fold {
  readonly #isMineByPath = new Map<string, boolean>();

  /** isMine: whether a file is the user's own, by path. */
  constructor(private readonly isMine: (path: string) => boolean) {}

  /** Whether a file's frames stay when others are folded. */
  keepsFile(path: string): boolean {
    let isMine = this.#isMineByPath.get(path);
    if (isMine === undefined) {
      isMine = this.isMine(path);
      this.#isMineByPath.set(path, isMine);
    }
    return isMine;
  }

  /** Whether a frame stays. A frame with unknown code does not: it may be anything, and is on no line in any case. */
  keeps(frame: ResolvedFrame | undefined): boolean {
    return frame !== undefined && this.keepsFile(frame.line.file.path);
  }

  /** The innermost frame of a stack that stays; 0: none. */
  innermost(stacks: Stacks, stack: number): number {
    let at = stacks.visible(stack);
    while (at !== 0 && !this.keeps(stacks.frame(at))) at = stacks.parentOf(at);
    return at;
  }
}
