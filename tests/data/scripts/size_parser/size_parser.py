"""Sizes as df and du print them, as numbers and back."""
import re
import sys

UNITS = "BKMGTP"


def parse(text):
	"""How many bytes a size means.

	>>> parse("1K")
	1024
	>>> parse("2.5 MiB")
	2621440
	>>> parse("nothing")
	Traceback (most recent call last):
	ValueError: no size: nothing
	"""
	found = re.fullmatch(r"\s*([\d.]+)\s*([%s])?(?:i?B)?\s*" % UNITS, text, re.IGNORECASE)
	if not found:
		raise ValueError("no size: %s" % text)
	number, unit = found.groups()
	return int(float(number) * 1024 ** UNITS.index((unit or "B").upper()))


def human(number, si=False):
	"""A number of bytes in the largest unit that fits.

	>>> human(2621440)
	'2.5M'
	>>> human(1500, si=True)
	'1.5K'
	"""
	base = 1000 if si else 1024
	for unit in UNITS:
		if number < base:
			return ("%.1f" % number).rstrip("0").rstrip(".") + (unit if unit != "B" else "")
		number /= base
	return "%.0fE" % number


def main(argv):
	si, adding = "--si" in argv, "--sum" in argv
	sizes = [arg for arg in argv if not arg.startswith("--")]
	if not sizes:
		print("nothing to parse", file=sys.stderr)
		return 2
	try:
		numbers = [parse(size) for size in sizes]
	except ValueError as error:
		print(error, file=sys.stderr)
		return 1
	for number in [sum(numbers)] if adding else numbers:
		print(number, human(number, si))


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))