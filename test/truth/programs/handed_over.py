"""Memory that is allocated in one thread and freed in another."""

import queue
import sys
import threading
from itertools import repeat

from truth import facts, thread_ends, write

channel = queue.Queue(20)
# So many that the sampling error is about 1 %.
rounds = 2_000


def produce():
    for _ in range(rounds):
        channel.put([bytes(500) for _ in repeat(None, 1_000)])  # mark: small
        channel.put(bytearray(500_000))  # mark: large
    channel.put(None)
    thread_ends("producer")


producer = threading.Thread(target=produce)
producer.start()
while channel.get() is not None:
    pass
producer.join()

facts["large"] = rounds * 500_000
sizes = [sys.getsizeof(bytes(500)) for _ in repeat(None, 1_000)]
facts["small"] = rounds * (sum(sizes) + sys.getsizeof(sizes))
write()
