"""Raising, catching and cleaning up, three calls deep, beside a loop."""

from truth import again, region, write


def fail(number):
    raise ValueError(number)  # mark: errors


def clean_up(number):
    try:
        fail(number)  # mark: errors
    finally:
        number += 1  # mark: errors


def catch(rounds):
    caught = 0
    for number in range(rounds):  # mark: errors
        try:
            clean_up(number)  # mark: errors
        except ValueError as error:  # mark: errors
            caught += len(error.args)  # mark: errors
    return caught


def look_up(rounds):
    missing = 0
    table = {}
    for number in range(rounds):  # mark: look up
        try:
            table[number]  # mark: look up
        except KeyError:  # mark: look up
            missing += 1  # mark: look up
    return missing


def count(rounds):
    total = 0
    for number in range(rounds):  # mark: loop
        total += number & 7  # mark: loop
    return total


while again():
    with region("errors"):
        catch(15_000)
    with region("look up"):
        look_up(40_000)
    with region("loop"):
        count(300_000)
write()
