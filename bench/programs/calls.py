"""Functions, methods, properties, closures and generators calling each other."""


class Account:
    def __init__(self, balance):
        self._balance = balance

    @property
    def balance(self):
        return self._balance

    def deposit(self, amount):
        self._balance += amount
        return self.balance


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def adder(step):
    def add(value):
        return value + step

    return add


def squares(limit):
    for number in range(limit):
        yield number * number


account = Account(0)
add_two = adder(2)
for _ in range(180):
    fibonacci(19)
    for square in squares(15_000):
        account.deposit(add_two(square))
