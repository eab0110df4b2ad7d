"""Many small calls of every kind. Compare self with total: who is slow, and who only calls the slow one?"""

import time


class Account:
    def __init__(self, balance):
        self._balance = balance

    @property
    def balance(self):
        return self._balance

    def deposit(self, amount):
        self._balance = add(self._balance, amount)


def add(a, b):
    return a + b


def make_interest(rate):
    def interest(amount):
        return amount * rate // 1000

    return interest


def payments(count):
    for number in range(count):
        yield number % 7


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def one_year(accounts, interest):
    for account in accounts:
        for payment in payments(100):
            account.deposit(payment)
        account.deposit(interest(account.balance))
    return depth(50)


def main(seconds=5):
    accounts = [Account(number) for number in range(100)]
    interest = make_interest(rate=3)
    end = time.perf_counter() + seconds
    years = 0
    while time.perf_counter() < end:
        one_year(accounts, interest)
        years += 1
    print(f"{years} years, {sum(account.balance for account in accounts)} in the bank")


if __name__ == "__main__":
    main()
