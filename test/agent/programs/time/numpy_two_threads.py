"""A matrix multiplication by two threads; says what this one used for it, and what the others did."""

import time

import numpy as np

a = np.random.rand(700, 700)
a @ a


def multiply():
    process, thread = time.process_time(), time.thread_time()
    while time.process_time() < process + 1.5:
        a @ a  # mark: multiply
    own = time.thread_time() - thread
    print(own, time.process_time() - process - own)


multiply()
