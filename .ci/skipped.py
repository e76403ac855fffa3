"""Print what a run has skipped, a test a line, given the report of its --junitxml."""

import sys
from pathlib import Path
from xml.etree import ElementTree

found = set()
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):  # noqa: S314 -- pytest wrote it
    if case.find("skipped") is None:
        continue
    name, module = case.get("name", ""), case.get("classname", "")
    if not module:  # one that was skipped as a whole
        name, module = "", name
    file = Path(*module.split(".")).with_suffix(".py")
    if file.is_file():
        # A name with characters that XML does not hold is asked for with all of its parameters.
        found.add(f"{file}::{name.partition('[')[0] if '#x' in name else name}".removesuffix("::"))
if not found:
    sys.exit("the report names no test that was skipped")
print(*sorted(found), sep="\n")
