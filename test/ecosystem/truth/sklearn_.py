"""OpenMP in Cython, and BLAS."""

import time

import numpy as np
from clocks import Clocks
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier

random = np.random.default_rng(1)
x = random.normal(size=(4000, 20))
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)
wide = random.normal(size=(2000, 300))
clocks = Clocks()
for _ in range(3):
    with clocks.call("boost"):
        HistGradientBoostingClassifier(max_iter=5, random_state=1).fit(x, y)  # mark: boost
    clocks.rest()  # mark: rest
    with clocks.call("cluster"):
        KMeans(8, n_init=1, random_state=1).fit(x)  # mark: cluster
    clocks.rest()  # mark: rest
    with clocks.call("decompose"):
        PCA(5, random_state=1).fit_transform(wide)  # mark: decompose
    clocks.rest()  # mark: rest
    # Until BLAS sleeps: the next call is to another library with threads of its own.
    time.sleep(0.3)
clocks.say()
