import hashlib
import io
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 10, 2000)
size = 0
for i in range(6 * int(sys.argv[1])):
    figure, axes = plt.subplots(2, 2, figsize=(8, 6))
    for j, ax in enumerate(axes.flat):
        ax.plot(x, np.sin(x * (i + j + 1)))
        ax.set_title(f"figure {i}, axes {j}")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    size += len(hashlib.sha256(file.getvalue()).hexdigest())
    plt.close(figure)
print(size)
