import sys

import lightgbm
import numpy as np

random = np.random.default_rng(1)
x = random.normal(size=(20000, 30))
y = (x[:, 0] * x[:, 1] > 0).astype(int)
model = lightgbm.train(
    {"objective": "binary", "verbosity": -1, "num_threads": 2},
    lightgbm.Dataset(x, y),
    60 * int(sys.argv[1]),
)
print(((model.predict(x) > 0.5) == y).mean() > 0.8)
