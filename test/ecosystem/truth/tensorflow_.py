"""Matrix products, and a compiled graph."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
from clocks import Clocks

tf.config.threading.set_intra_op_parallelism_threads(2)


@tf.function
def convolve(images, kernel):
    return tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"))


tf.random.set_seed(1)
a = tf.random.uniform((1000, 1000))
images, kernel = tf.random.uniform((16, 64, 64, 16)), tf.random.uniform((3, 3, 16, 32))
convolve(images, kernel).numpy()
tf.matmul(a, a).numpy()
clocks = Clocks()
for _ in range(60):
    with clocks.call("multiply"):
        tf.matmul(a, a).numpy()  # mark: multiply
    clocks.rest()  # mark: rest
    with clocks.call("convolve"):
        convolve(images, kernel).numpy()  # mark: convolve
    clocks.rest()  # mark: rest
clocks.say()
