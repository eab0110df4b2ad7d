"""Forward, backward, and worker processes that load data."""

import time

import torch
from clocks import Clocks
from torch.utils.data import DataLoader, Dataset


def prepare(index):
    value = torch.full((200, 200), float(index % 7))
    for _ in range(20):
        value = value.sin() + 0.1
    return value


class Squares(Dataset):
    def __len__(self):
        return 160

    def __getitem__(self, index):
        started = time.thread_time()
        value = prepare(index)  # mark: load
        return value.sum().reshape(1), time.thread_time() - started


def main():
    torch.manual_seed(1)
    torch.set_num_threads(2)
    model = torch.nn.Sequential(
        torch.nn.Linear(512, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 512)
    )
    x = torch.rand(256, 512)
    (model(x) ** 2).mean().backward()
    clocks = Clocks()
    for _ in range(30):
        with clocks.call("forward"):
            loss = (model(x) ** 2).mean()  # mark: forward
        clocks.rest()  # mark: rest
        with clocks.call("backward"):
            loss.backward()  # mark: backward
        clocks.rest()  # mark: rest
    loaded = 0.0
    for _, seconds in DataLoader(Squares(), batch_size=16, num_workers=2):
        loaded += float(seconds.sum())
    clocks.say(load=loaded)


if __name__ == "__main__":
    main()
