"""Reads lines you type in the terminal until an empty one. Time spent waiting for you is "wait"."""

import time


def busy(seconds):
    end = time.process_time() + seconds
    count = 0
    while time.process_time() < end:
        count += 1
    return count


def main():
    print("Type a line, or nothing to stop.")
    while line := input("> "):
        rounds = busy(0.5)
        print(f"{line[::-1]} ({rounds} rounds)")
    print("Bye.")


if __name__ == "__main__":
    main()
