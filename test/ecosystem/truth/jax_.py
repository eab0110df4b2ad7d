"""Compiled steps, each waited for."""

import jax
import jax.numpy as jnp
from clocks import Clocks


@jax.jit
def train(w, x):
    return w - 0.01 * jax.grad(lambda v: jnp.mean((jnp.tanh(x @ v) - 0.5) ** 2))(w)


@jax.jit
def product(x):
    return x @ x


x = jax.random.uniform(jax.random.PRNGKey(1), (900, 900))
w = jnp.zeros((900, 500))
train(w, x).block_until_ready()
product(x).block_until_ready()
clocks = Clocks()
for _ in range(60):
    with clocks.call("train"):
        w = train(w, x).block_until_ready()  # mark: train
    clocks.rest()  # mark: rest
    with clocks.call("product"):
        product(x).block_until_ready()  # mark: product
    clocks.rest()  # mark: rest
clocks.say()
