"""Print the files of tests in which a run has skipped something, given the report of its --junitxml."""

import sys
from pathlib import Path
from xml.etree import ElementTree

found = set()
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):  # noqa: S314 -- pytest wrote it
    if case.find("skipped") is not None:
        # A module that was skipped as a whole is a case without a class.
        parts = (case.get("classname") or case.get("name") or "").split(".")
        files = (Path(*parts[:end]).with_suffix(".py") for end in range(len(parts), 0, -1))
        found.update(str(file) for file in files if file.is_file())
if not found:
    sys.exit("the report names no test that was skipped")
print(*sorted(found))
