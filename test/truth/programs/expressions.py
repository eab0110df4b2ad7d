"""Expressions over several lines, statements of which a line holds several, and a line of 966 characters."""

from truth import again, region, regions, write

values = list(range(10_000))
few = values[:5000]
many = values * 2


def several_lines(rounds):
    for _ in range(rounds):
        result = (
            sum(few)  # mark: few
            + max(  # mark: max
                values,
            )
            + sum(many)  # mark: many
        )
    return result


def arguments(rounds):
    for _ in range(rounds):
        result = dict(
            first=sum(sorted(few)),  # mark: sorted
            second=sum(  # mark: element
                value & 7  # mark: element
                for value in few  # mark: element
            ),
        )
    return result


# fmt: off
def long_line(rounds):
    for _ in range(rounds):
        result = sum(values[0:2000]) + sum(values[10:2010]) + sum(values[20:2020]) + sum(values[30:2030]) + sum(values[40:2040]) + sum(values[50:2050]) + sum(values[60:2060]) + sum(values[70:2070]) + sum(values[80:2080]) + sum(values[90:2090]) + sum(values[100:2100]) + sum(values[110:2110]) + sum(values[120:2120]) + sum(values[130:2130]) + sum(values[140:2140]) + sum(values[150:2150]) + sum(values[160:2160]) + sum(values[170:2170]) + sum(values[180:2180]) + sum(values[190:2190]) + sum(values[200:2200]) + sum(values[210:2210]) + sum(values[220:2220]) + sum(values[230:2230]) + sum(values[240:2240]) + sum(values[250:2250]) + sum(values[260:2260]) + sum(values[270:2270]) + sum(values[280:2280]) + sum(values[290:2290]) + sum(values[300:2300]) + sum(values[310:2310]) + sum(values[320:2320]) + sum(values[330:2330]) + sum(values[340:2340]) + sum(values[350:2350]) + sum(values[360:2360]) + sum(values[370:2370]) + sum(values[380:2380]) + sum(values[390:2390])  # mark: long
    return result


def one_line(rounds):
    for _ in range(rounds): a = sum(few); b = min(few); c = a - b  # noqa: E701, E702  # mark: one line
    return c
# fmt: on


# What each part costs alone, in blocks between those of the whole.
parts = {
    "few": lambda: sum(few),
    "max": lambda: max(values),
    "many": lambda: sum(many),
    "sorted": lambda: sum(sorted(few)),
    "element": lambda: sum(value & 7 for value in few),
}


def alone(part, rounds):
    for _ in range(rounds):
        part()


while again():
    with region("several lines"):
        several_lines(60)
    for name in ("few", "max", "many"):
        with region(name + " alone"):
            alone(parts[name], 20)
    with region("arguments"):
        arguments(60)
    for name in ("sorted", "element"):
        with region(name + " alone"):
            alone(parts[name], 20)
    with region("long"):
        long_line(30)
    with region("one line"):
        one_line(60)
for whole, names in (
    ("several lines", ("few", "max", "many")),
    ("arguments", ("sorted", "element")),
):
    together = sum(regions[name + " alone"]["cpu_s"] for name in names)
    for name in names:
        share = regions[name + " alone"]["cpu_s"] / together
        regions[name] = {"cpu_s": regions[whole]["cpu_s"] * share}
write()
