"""Random damage to bytes, to JSON and to lines of records."""

import copy
import json
import pathlib

VALUES = (
    *(None, True, -1, 0, 1e300, -1e300, 10**18, 2**31, 2**63, 1e-320, 0.5, "", "x", "\u0000"),
    *("../../x", [], [[]], {}, {"a": 1}, "9" * 400, [1, "x"], float("nan"), float("inf")),
)


def mutated_bytes(data, rng):
    """Flips, cuts, doubles, or overwrites a part."""
    data = bytearray(data)
    kind = rng.choice(("flip", "cut", "double", "noise", "zeros", "empty", "insert", "swap"))
    first = rng.randrange(len(data) + 1)
    last = min(len(data), first + rng.choice((1, 4, 64, 4096)))
    if kind == "flip" and data:
        for _ in range(rng.choice((1, 1, 3, 30))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del data[first:]
    elif kind == "double":
        data[first:first] = data[first:last]
    elif kind == "noise":
        data[first:last] = rng.randbytes(last - first)
    elif kind == "zeros":
        data[first:last] = bytes(last - first)
    elif kind == "empty" and rng.random() < 0.2:
        data.clear()
    elif kind == "insert":
        data[first:first] = rng.choice((b"\n", b"}", b"\x00", b"\xff\xfe", b'"', b"1e999", b"NaN"))
    else:
        del data[first:last]
    return bytes(data)


def places_in(value, place=()):
    """Paths to every value in a JSON document."""
    yield place
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from places_in(item, (*place, key))


def mutated_json(document, rng, changes=1):
    """The text of `document` with values replaced, left out or given twice."""
    document = json.loads(json.dumps(document))
    for _ in range(changes):
        place = rng.choice([place for place in places_in(document) if place] or [()])
        if not place:
            return json.dumps(rng.choice(VALUES))
        holder = document
        for key in place[:-1]:
            holder = holder[key]
        change(holder, place[-1], rng)
    return json.dumps(document)


def change(holder, key, rng):
    kind = rng.choice(("value", "value", "value", "delete", "scale", "rename"))
    old = holder[key]
    if kind == "delete":
        del holder[key]
    elif kind == "scale" and isinstance(old, int | float) and not isinstance(old, bool):
        holder[key] = old * rng.choice((-1, 0, 2, 1e6, 1e-6))
    elif kind == "rename" and isinstance(holder, dict):
        holder[f"{key}_"] = holder.pop(key)
    else:
        holder[key] = copy.deepcopy(rng.choice(VALUES))


def mutated_lines(data, rng):
    """JSON lines of which some were damaged; returns the bytes and the whole lines that were left alone."""
    lines = data.split(b"\n")[:-1]
    chosen = set(rng.sample(range(len(lines)), min(len(lines), rng.choice((1, 1, 2, 5)))))
    kept = [line for number, line in enumerate(lines) if number not in chosen]
    for number in chosen:
        line = lines[number]
        if rng.random() < 0.6:
            lines[number] = mutated_json(json.loads(line), rng, rng.choice((1, 2))).encode()
        else:
            lines[number] = mutated_bytes(line, rng)
    if rng.random() < 0.8:
        return b"\n".join(lines) + b"\n", kept
    return b"\n".join(lines), [line for line in kept if line != lines[-1]]


def damage_file(path, rng):
    """Damages one file in place, as JSON where it is JSON."""
    path = pathlib.Path(path)
    data = path.read_bytes()
    if path.suffix == ".json" and rng.random() < 0.7:
        path.write_text(mutated_json(json.loads(data), rng, rng.choice((1, 1, 3))))
    else:
        path.write_bytes(mutated_bytes(data, rng))
