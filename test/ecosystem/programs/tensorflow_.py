"""Matrix products, a small network trained by gradient, and a compiled graph."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

tf.random.set_seed(1)
rounds = int(sys.argv[1])
a = tf.random.uniform((700, 700))
for _ in range(48 * rounds):
    b = tf.matmul(a, a)
print(b.shape)

model = tf.keras.Sequential(
    [tf.keras.layers.Dense(128, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile("adam", "mse")
x = tf.random.uniform((512, 64))
y = tf.reduce_sum(x, axis=1, keepdims=True)
first = float(model.evaluate(x, y, verbose=0))
model.fit(x, y, epochs=12 * rounds, batch_size=64, verbose=0)
print(float(model.evaluate(x, y, verbose=0)) < first)


@tf.function
def convolve(images, kernel):
    return tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"))


images, kernel = tf.random.uniform((8, 64, 64, 16)), tf.random.uniform((3, 3, 16, 32))
for _ in range(40 * rounds):
    mean = convolve(images, kernel)
print(bool(mean > 0))
