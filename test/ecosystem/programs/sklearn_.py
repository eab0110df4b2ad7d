"""Estimators in Cython, with OpenMP, and in worker threads."""

import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

random = np.random.default_rng(1)
x = random.normal(size=(3000 * int(sys.argv[1]), 20))
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)
print(HistGradientBoostingClassifier(max_iter=30, random_state=1).fit(x, y).score(x, y) > 0.9)
print(RandomForestClassifier(30, n_jobs=2, random_state=1).fit(x, y).score(x, y) > 0.9)
print(KMeans(8, n_init=4, random_state=1).fit(x).labels_.shape)
print(PCA(5).fit_transform(random.normal(size=(3000, 300))).shape)
