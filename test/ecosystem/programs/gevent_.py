"""Greenlets that compute, sleep, and talk through queues and a pool of threads."""

import sys

import gevent
import gevent.pool
import gevent.queue
import gevent.threadpool

rounds = int(sys.argv[1])


def work(n):
    total = 0
    for i in range(n):
        total += sum(map(lambda j: j * j, range(20)))
        if i % 50 == 0:
            gevent.sleep(0)
    return total


def produce(queue):
    for i in range(3000 * rounds):
        queue.put(i)
    queue.put(None)


queue = gevent.queue.Queue(16)
gevent.spawn(produce, queue)
print(sum(iter(queue.get, None)))
jobs = [gevent.spawn(work, 16000 * rounds + 100 * i) for i in range(12)]
gevent.joinall(jobs)
print(sum(job.value for job in jobs))
pool = gevent.threadpool.ThreadPool(3)
print(sum(pool.map(work, [500] * 9 * rounds)))
print(len(gevent.pool.Pool(20).map(lambda n: gevent.sleep(0.001), range(500 * rounds))))
