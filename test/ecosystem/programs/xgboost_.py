import sys

import numpy as np
import xgboost

random = np.random.default_rng(1)
x = random.normal(size=(20000, 30))
y = (x[:, 0] * x[:, 1] > 0).astype(int)
model = xgboost.train(
    {"objective": "binary:logistic", "nthread": 2, "tree_method": "hist"},
    xgboost.DMatrix(x, y),
    60 * int(sys.argv[1]),
)
print(((model.predict(xgboost.DMatrix(x)) > 0.5) == y).mean() > 0.8)
