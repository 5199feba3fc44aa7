"""A settings file as tests: one a rule, all of one audit."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from audit.files import read_toml
from audit.pytest_plugin.where import place, short_hash
from saliency_audit.packages import own_packages

if TYPE_CHECKING:
    from audit.pytest_plugin.result import Result

MARKS = {"data": "annotations", "model": "kind"}
"""A table and its key, of which a settings file has one at least."""


def is_settings_file(path: Path) -> bool:
    """It has a table of an audit's settings. A file that cannot be read counts, since nobody else would complain."""
    try:
        content = read_toml(path)
    except (OSError, ValueError):
        return True
    return any(isinstance(content.get(table), dict) and key in content[table] for table, key in MARKS.items())


class SettingsFile(pytest.File):
    """Collects the rules of the profile that the settings name. The first of its tests that runs measures.

    The columns of required slices are known before, their values are not: so a rule and a column are one test, whose
    failure names the slices.
    """

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self._result: Result | None = None
        self._error: Exception | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """The guards, and a test for each rule. Raises CollectError where settings or profile cannot be read."""
        for rule in self._rules():
            yield RuleItem.from_parent(self, name=rule, rule=rule)

    @own_packages()
    def _rules(self) -> tuple[str, ...]:
        from audit.errors import AuditError
        from audit.pytest_plugin.result import COMPARED, WHOLE
        from audit.settings import profile_of
        from checks.profile import load_profile

        try:
            table = read_toml(self.path).get("judge")
            stated = table if isinstance(table, dict) else {}  # what is wrong is said when settings are loaded
            named = stated.get("profile", "default")
            profile = load_profile(profile_of(str(named), self.path.parent))
        except (OSError, ValueError) as error:
            raise self.CollectError(f"{self.path.name}: cannot be read ({error}); need a TOML file.") from error
        except AuditError as error:
            raise self.CollectError(str(error)) from error
        return (WHOLE, *profile.rules, *profile.sliced, *(COMPARED if "baseline" in stated else ()))

    def result(self) -> "Result":
        """The result of the audit, which is made once. Raises GateError where it cannot be made."""
        from audit.pipeline import read_settings
        from audit.pytest_plugin.gate import Asked, audited
        from audit.pytest_plugin.result import GateError

        if self._error:
            raise self._error
        if self._result is None:
            try:
                where = place(self.config, self._folder(), self.path.name)
                self._result = audited(Asked(lambda: read_settings(self.path)), where)
            except GateError as error:
                self._error = error
                raise
        return self._result

    def _folder(self) -> str:
        """One for each settings file, the same in every session."""
        if self.path.is_relative_to(self.config.rootpath):
            return str(self.path.relative_to(self.config.rootpath).with_suffix(""))
        return f"{self.path.stem}-{short_hash(str(self.path))}"


class RuleItem(pytest.Item):
    """Passes where the rule does. An advisory rule that does not is shown as an expected failure."""

    parent: SettingsFile

    def __init__(self, *, rule: str, **known: Any) -> None:
        super().__init__(**known)
        self.rule = rule
        if self.config.pluginmanager.hasplugin("timeout"):
            self.add_marker(pytest.mark.timeout(0))  # a limit for unit tests is none for audits

    @own_packages()
    def runtest(self) -> None:
        from audit.pytest_plugin.result import GateError, decisive, properties
        from checks.verdict import Outcome

        result = self.parent.result()
        verdict = decisive(result, self.rule)
        self.user_properties.extend(properties(result, verdict))
        if verdict.outcome is Outcome.PASS:
            return
        if verdict.advisory:
            pytest.xfail(f"advisory: {verdict.outcome}. {verdict.sentence}")
        raise GateError(result.rule_failure(verdict))

    @own_packages()
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text alone: no traceback of this file helps anybody."""
        from audit.pytest_plugin.result import GateError

        return str(excinfo.value) if isinstance(excinfo.value, GateError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.path.name}: {self.rule}"
