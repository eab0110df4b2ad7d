/** Stacks as a view has them: folded, and with lines and functions of the view's own. */
import type { Fold } from './fold';
import type { LineCosts } from '../feed/lineCosts';
import type { ResolvedFrame } from '../feed/lineEntries';
import type { SourcePosition } from '../stacks/lineTable';
import type { StackTree } from '../stacks/stackTree';

/** The part of a tree of stacks that adding up needs. */
export type WalkedStacks = Pick<
  StackTree,
  'visible' | 'parentOf' | 'frame' | 'position' | 'nodesAbove'
>;

export class ViewedStacks implements WalkedStacks {
  /** frames: the view's frames by those of the run, made when first needed and shared by all stacks of the view. */
  constructor(
    private readonly stacks: WalkedStacks,
    private readonly lines: LineCosts,
    private readonly frames: Map<ResolvedFrame, ResolvedFrame>,
    private readonly fold: Fold | undefined,
  ) {}

  visible(stack: number): number {
    return this.fold?.innermost(this.stacks, stack) || this.stacks.visible(stack);
  }

  parentOf(stack: number): number {
    const parent = this.stacks.parentOf(stack);
    return this.fold?.keeps(this.stacks.frame(stack))
      ? this.fold.innermost(this.stacks, parent)
      : parent;
  }

  frame(stack: number): ResolvedFrame | undefined {
    const frame = this.stacks.frame(stack);
    if (!frame) return undefined;
    let viewed = this.frames.get(frame);
    if (!viewed) {
      const { file, name, qualname, line } = frame.function;
      const owner = this.lines.functionEntry(file.path, name, qualname, line);
      viewed = this.lines.frame(owner, frame.line.line);
      this.frames.set(frame, viewed);
    }
    return viewed;
  }

  position(stack: number): SourcePosition | undefined {
    return this.stacks.position(stack);
  }

  nodesAbove(path: string, line: number): Uint8Array {
    return this.stacks.nodesAbove(path, line);
  }
}
