import io
import sys

import pyarrow
import pyarrow.compute
import pyarrow.parquet

table = pyarrow.table(
    {"key": [i % 1000 for i in range(500_000)], "text": [str(i % 333) for i in range(500_000)]}
)
for _ in range(12 * int(sys.argv[1])):
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file, compression="zstd")
    file.seek(0)
    back = pyarrow.parquet.read_table(file)
    counted = back.group_by("text").aggregate([("key", "sum")]).sort_by("text")
print(back.equals(table), counted.num_rows, pyarrow.compute.sum(counted["key_sum"]))
