"""What a worker of a long run does: a little of its own, much that all of them do."""

import json
import sys


def work(rounds):
    return sum(len(json.dumps({"row": row, "values": list(range(20))})) for row in range(rounds))


work(int(sys.argv[1]))
