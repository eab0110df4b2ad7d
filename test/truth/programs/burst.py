"""More blocks in a moment than the agent can record, each freed at once and never touched."""

from blocks import helper
from truth import facts, write

helper.pass_blocks(100_000, 1_000_000)  # mark: medium
helper.pass_blocks(600_000, 300_000)  # mark: large

facts["medium"] = 100_000 * 1_000_000
facts["large"] = 600_000 * 300_000
write()
