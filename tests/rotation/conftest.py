"""conftest.py: plants, which end with their test."""

import pytest

from plant import Plant


@pytest.fixture
def start(tmp_path):
    made = []

    def make(**options):
        made.append(Plant(tmp_path, **options))
        return made[-1]

    yield make
    for plant in made:
        plant.kill()
