"""pandas: a table from columns, grouped, joined, sorted, written as text and read back."""

import io

import numpy
import pandas

generator = numpy.random.default_rng(1)
count = 200_000
columns = {"key": generator.integers(0, 500, count), "value": generator.random(count)}
table = pandas.DataFrame(columns)
table["name"] = [f"name {key}" for key in columns["key"]]
means = table.groupby("key")["value"].mean()
joined = table.merge(means.rename("mean"), on="key")
ordered = joined.sort_values("value")
text = ordered.head(50_000).to_csv()
again = pandas.read_csv(io.StringIO(text))
