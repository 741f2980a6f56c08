"""What setup.cfg cannot say: modules of the engine that are compiled where a compiler is there.

They are ordinary Python. Each is optional: where it cannot be compiled, the .py runs, with the same
results and slower. Those with types beside them know each other's layout, and are compiled all or
none. What is compiled is a copy that knows its source's hash, so that a compiled
module which is older than its source is noticed (see atms/engine/extension.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import warnings
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

COMPILED = (
    "atms.engine.broker.account",
    "atms.engine.broker.booking",
    "atms.engine.broker.data",
    "atms.engine.broker.due",
    "atms.engine.broker.feeds",
    "atms.engine.broker.fills",
    "atms.engine.broker.lane",
    "atms.engine.broker.light",
    "atms.engine.broker.matching",
    "atms.engine.broker.parts",
    "atms.engine.broker.positions",
    "atms.engine.broker.queue",
    "atms.engine.broker.record",
    "atms.engine.broker.state",
    "atms.engine.broker.trades",
    "atms.engine.broker.worth",
    "atms.engine.brokerside",
    "atms.engine.once.recursions",
    "atms.engine.timeline",
    "atms.engine.turns",
)

WORK = Path("build", f"cython-{sys.implementation.cache_tag}")  # several Pythons build at once
FIRST_LINE = "from __future__ import annotations\n"
# Results equal the interpreter's to the last bit: no fused multiply-add, nothing reordered.
FLAGS = ["-O2", "-ffp-contract=off", "-g0"]
DIRECTIVES = {
    "language_level": 3,
    # Types that help stand in the .pxd; those of the signatures are for readers and mypy, and
    # taken literally they would turn an int into a float.
    "annotation_typing": False,
}


class BuildTogether(build_ext):
    """Builds all modules with types beside them or none: they cannot be mixed with plain ones."""

    in_place = False

    def finalize_options(self) -> None:
        """Compile on every core: the modules do not wait for each other."""
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        """Build, and note where to: while it runs, setuptools hides that from the steps."""
        self.in_place = bool(self.inplace)
        super().run()

    def build_extension(self, ext: Extension) -> None:
        """Build one module; where that fails, none of an earlier build is left."""
        try:
            super().build_extension(ext)
        except Exception:
            self.remove(ext.name)
            raise

    def build_extensions(self) -> None:
        """Build all modules, and take away those that miss another one."""
        super().build_extensions()
        typed = [name for name in COMPILED if Path(*name.split(".")).with_suffix(".pxd").exists()]
        missing = [name for name in typed if not Path(self.get_ext_fullpath(name)).exists()]
        if missing:
            warnings.warn(f"typed modules stay uncompiled, for {missing[0]} does", stacklevel=1)
            for name in typed:
                self.remove(name)

    def remove(self, name: str) -> None:
        """Take a compiled module away, and what an earlier build of the kind has left of it."""
        Path(self.get_ext_fullpath(name)).unlink(missing_ok=True)
        if self.in_place:
            Path(self.get_ext_filename(name)).unlink(missing_ok=True)


def extensions() -> list[Extension]:
    """Return the extensions to build; none where Cython is missing."""
    if importlib.util.find_spec("Cython") is None:
        return []
    from Cython.Build import cythonize
    from Cython.Compiler.Errors import CompileError as NoCython

    wanted = [Extension(name, [str(marked(name))], extra_compile_args=FLAGS) for name in COMPILED]
    home = Path.cwd()
    os.chdir(WORK)  # tracebacks name a source as Cython was given it
    try:
        made = cythonize(wanted, compiler_directives=DIRECTIVES, quiet=True)
    except NoCython as error:
        warnings.warn(f"the engine stays uncompiled: {error}", stacklevel=1)
        return []
    finally:
        os.chdir(home)
    for extension in made:
        extension.optional = True  # Cython's copy has forgotten it
        extension.sources = [str(WORK / source) for source in extension.sources]
    return made


def marked(name: str) -> Path:
    """Write a copy of module *name* that knows its source's hash; return its path within WORK."""
    source = Path(*name.split(".")).with_suffix(".py")
    text = source.read_text(encoding="utf-8")
    if FIRST_LINE not in text:
        raise ValueError(f"{source}: has no line {FIRST_LINE.strip()!r}; add it")
    types = source.with_suffix(".pxd")
    hashes = f"{digest(source)!r}, {digest(types)!r}"
    check = f"import atms.engine.extension as _e; _e.must_match(__file__, {hashes})"
    # On the same line, so that all others keep their numbers.
    keep(WORK / source, text.replace(FIRST_LINE, f"{FIRST_LINE.strip()}; {check}\n", 1))
    if types.exists():
        keep(WORK / types, types.read_text(encoding="utf-8"))
    else:
        (WORK / types).unlink(missing_ok=True)
    for folder in source.parents[:-1]:
        keep(WORK / folder / "__init__.py", "")
    return source


def digest(path: Path) -> str:
    """Return the hash of a file, empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def keep(path: Path, text: str) -> None:
    """Write *text*, unless it stands there: what is newer is compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildTogether})
