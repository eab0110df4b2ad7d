"""The kernel, called half a million times."""

import os

with open("/dev/zero", "rb", buffering=0) as zero, open("/dev/null", "wb", buffering=0) as null:
    for _ in range(40):
        for _ in range(40_000):
            null.write(zero.read(512))
        os.listdir("/proc/self")
