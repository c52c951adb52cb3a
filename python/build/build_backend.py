"""The build backend of pyproject.toml: maturin's, but without the stable ABI on Python 3.8 and 3.9.

One wheel with the stable ABI of 3.10 serves 3.10 and later. Older Pythons lack what the module needs of that ABI, so
there the module is built for the running version only (cargo feature `abi3` off).
"""

import os
import sys

import maturin

if sys.version_info < (3, 10):
    os.environ["MATURIN_PEP517_ARGS"] = " ".join(
        filter(None, [os.environ.get("MATURIN_PEP517_ARGS"), "--no-default-features"])
    )

build_wheel = maturin.build_wheel
build_sdist = maturin.build_sdist
get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
if hasattr(maturin, "build_editable"):
    build_editable = maturin.build_editable
    get_requires_for_build_editable = maturin.get_requires_for_build_editable
    prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable
