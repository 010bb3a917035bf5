"""The checker of annotations in tests: an int where a float is asked for is right."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
