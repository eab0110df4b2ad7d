"""Works for two seconds, then fails. The traceback is in the terminal, the profile stays."""

import time


def work(seconds):
    end = time.process_time() + seconds
    total = 0
    while time.process_time() < end:
        total += sum(range(1000))
    return total


def main():
    total = work(2)
    raise ValueError(f"this program always fails; it got as far as {total % 1000}")


if __name__ == "__main__":
    main()
