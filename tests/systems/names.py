"""Names to learn from, made on the spot out of syllables."""

import random

ONSETS = ["b", "d", "f", "k", "l", "m", "n", "r", "s", "t", "v", "br", "kl"]
VOWELS = ["a", "e", "i", "o", "u"]
CODAS = ["", "", "", "n", "r", "l", "s"]


def make_names(count, seed=0):
    """Names of one to three syllables, at most seven letters long, each once."""
    rng, names = random.Random(seed), {}
    while len(names) < count:
        syllables = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 3))]
        name = "".join(syllables) + rng.choice(CODAS)
        if 3 <= len(name) <= 7:
            names[name] = None
    return list(names)


class Alphabet:
    """Letters as numbers from 1; 0 begins and ends a name."""

    def __init__(self, names):
        self.letters = sorted(set("".join(names)))
        self.size = len(self.letters) + 1

    def encode(self, name):
        return [0, *(self.letters.index(c) + 1 for c in name), 0]

    def decode(self, tokens):
        return "".join(self.letters[t - 1] for t in tokens if t)
