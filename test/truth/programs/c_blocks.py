"""Memory that compiled code allocates with each allocation function, in large and small blocks."""

from blocks import helper
from truth import facts, write

assert helper.keep_blocks(b"malloc", 1_000_000, 300) == 300  # mark: malloc
assert helper.keep_blocks(b"malloc", 80, 3_750_000) == 3_750_000  # mark: small malloc
assert helper.keep_blocks(b"calloc", 800, 375_000) == 375_000  # mark: calloc
assert helper.keep_blocks(b"memalign", 10_000, 30_000) == 30_000  # mark: memalign
assert helper.keep_blocks(b"aligned_alloc", 6_400, 46_875) == 46_875  # mark: aligned_alloc
assert helper.keep_blocks(b"posix_memalign", 20_000, 15_000) == 15_000  # mark: posix_memalign
assert helper.keep_blocks(b"mmap", 2_000_000, 150) == 150  # mark: mmap
assert helper.keep_blocks(b"reserve", 2_000_000, 150) == 150  # mark: reserve
helper.pass_blocks(5_000, 80_000)  # mark: passing

facts["kept"] = 300_000_000
facts["passing"] = 5_000 * 80_000
write()
