"""
Greenlets that wait at the same time, under gevent or eventlet: `greenlet_hubs.py gevent|eventlet`. Prints as JSON how much
of its waiting belongs to each line, by its own clock: while so many wait, each has an equal part of it.
"""

import functools
import json
import sys
import threading
import time

kind = sys.argv[1]
if kind == "gevent":
    import gevent
    from gevent import event, pool, socket

    sleep = gevent.sleep
else:
    import eventlet
    from eventlet.green import socket

    sleep = eventlet.sleep

waiting = {"long": 0, "short": 0, "receive": 0, "brief": 0, "alone": 0}
shares = dict.fromkeys(waiting, 0.0)
last = time.perf_counter()


def change(name, by):
    global last
    now = time.perf_counter()
    for each, count in waiting.items():
        shares[each] += (now - last) * count / max(1, sum(waiting.values()))
    last = now
    waiting[name] += by


def sleeps_long():
    change("long", 1)
    sleep(2)  # mark: long
    change("long", -1)


def sleeps_short():
    # Never the same length twice, so that no nap keeps in step with the looks at it.
    for nap in range(40):
        change("short", 1)
        sleep(0.03 + 0.04 * (nap * 0.618 % 1))  # mark: short
        change("short", -1)
        start(sleeps_brief)


def sleeps_brief():
    change("brief", 1)
    sleep(0.04)  # mark: brief
    change("brief", -1)


def receives():
    change("receive", 1)
    there.recv(1)  # mark: receive
    change("receive", -1)


def sends():
    here.send(b"x")


here, there = socket.socketpair()
functions = [sleeps_long, sleeps_short, receives]
if kind == "gevent":

    def another_hub():
        gevent.sleep(0.4)  # mark: thread

    start = gevent.spawn
    thread = threading.Thread(target=another_hub)
    thread.start()
    gevent.spawn_later(1.2, sends)
    gevent.joinall([gevent.spawn(function) for function in functions])  # mark: gevent joins
    thread.join()
    happened = event.Event()
    gevent.spawn_later(0.4, happened.set)
    wait = happened.wait
    workers = pool.Pool(2)
else:
    start = eventlet.spawn
    eventlet.spawn_after(1.2, sends)
    for each in [eventlet.spawn(function) for function in functions]:
        each.wait()  # mark: eventlet joins
    wait = functools.partial(sleep, 0.4)
    workers = eventlet.GreenPool(2)
    workers.join = workers.waitall

change("alone", 1)
wait()  # mark: alone
change("alone", -1)
workers.spawn(sleeps_brief)
workers.join()  # mark: pool
print(json.dumps(shares))
