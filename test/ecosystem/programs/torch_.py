"""Forward, backward by autograd's own thread, and worker processes that load data."""

import sys

import torch
from torch.utils.data import DataLoader, Dataset


class Squares(Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, index):
        value = torch.full((64,), float(index % 7))
        for _ in range(20):
            value = value.sin() + 0.1
        return value, value.sum().reshape(1)


def main():
    rounds = int(sys.argv[1])
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.ReLU(), torch.nn.Linear(512, 1))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(4):
        total = 0.0
        for x, y in DataLoader(Squares(), batch_size=16, num_workers=2):
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total)
    print(losses[-1] < losses[0])
    a = torch.rand(600, 600, requires_grad=True)
    for _ in range(72 * rounds):
        (a @ a).sum().backward()
    print(a.grad.shape)


if __name__ == "__main__":
    main()
