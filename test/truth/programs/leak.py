"""A function that keeps 160 KB in each call, beside 800 KB that are freed."""

import time

from truth import facts, write

calls = 1_000
kept = []


def handle(number):
    body = bytearray(800_000)  # mark: passing
    kept.append(bytes(160_000))  # mark: leak
    return len(body) + number


began = time.perf_counter()
for number in range(calls):
    handle(number)
    time.sleep(0.002)
facts["leak"] = sum(len(block) for block in kept)
facts["passing"] = calls * 800_000
facts["rate"] = facts["leak"] / (time.perf_counter() - began)
write()
