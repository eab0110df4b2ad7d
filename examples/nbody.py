"""Planets pulling on each other: plain numeric Python. Which line of the inner loop is the slow one?"""

from math import sqrt

# x, y, z, vx, vy, vz, mass
BODIES = [
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.478],
    [4.841, -1.160, -0.104, 0.606, 2.812, -0.025, 0.0377],
    [8.343, 4.125, -0.404, -1.011, 1.826, 0.008, 0.0113],
    [12.894, -15.111, -0.223, 1.083, 0.869, -0.011, 0.0017],
    [15.380, -25.919, 0.179, 0.979, 0.594, -0.035, 0.0020],
]


def advance(bodies, step):
    for i, a in enumerate(bodies):
        for b in bodies[i + 1 :]:
            dx = a[0] - b[0]
            dy = a[1] - b[1]
            dz = a[2] - b[2]
            distance = sqrt(dx * dx + dy * dy + dz * dz)
            pull = step / (distance * distance * distance)
            for axis, delta in enumerate((dx, dy, dz)):
                a[3 + axis] -= delta * b[6] * pull
                b[3 + axis] += delta * a[6] * pull
    for body in bodies:
        for axis in range(3):
            body[axis] += step * body[3 + axis]


def main(steps=300_000):
    bodies = [list(body) for body in BODIES]
    for _ in range(steps):
        advance(bodies, 0.001)
    print("The sun is now at", [round(value, 4) for value in bodies[0][:3]])


if __name__ == "__main__":
    main()
