"""Profiles are validated as a whole, and hashed by what they demand."""

import json
from pathlib import Path

import pytest

from audit.errors import AuditError
from checks.profile import BUILT_IN, built_in_names, fingerprint, load_profile
from checks.verdict import Profile

ACCURATE = '[rules.model_is_accurate]\nmin_accuracy = 0.9\nwhy = "The use demands it."\n'


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_default() -> None:
    profile = load_profile("default")
    assert profile.name == "default"
    assert profile.confidence == 0.95
    assert profile.rules["evidence_is_complete"]["min_pictures"] == 59
    assert profile == load_profile(BUILT_IN / "default.toml") == load_profile(str(BUILT_IN / "default.toml"))
    assert profile == type(profile).model_validate_json(profile.model_dump_json())


@pytest.mark.parametrize("name", built_in_names())
def test_a_profile_is_alike_to_the_letter_when_it_was_read_from_a_record(name: str) -> None:
    """Else a report would differ from the one that the run wrote."""
    profile = load_profile(name)
    stored = json.loads(json.dumps(profile.model_dump(mode="json"), sort_keys=True))
    assert Profile.model_validate(stored).model_dump_json() == profile.model_dump_json()


def test_defaults_are_filled_in_and_the_hash_is_of_what_is_demanded(tmp_path: Path) -> None:
    plain = load_profile(written(tmp_path, ACCURATE))
    assert plain.rules == {"model_is_accurate": {"min_accuracy": 0.9, "why": "The use demands it."}}
    assert plain.confidence == 0.95
    spelled = "confidence = 0.95 # the default\n" + ACCURATE.replace("0.9", "0.90").replace("rules.", "rules . ")
    assert load_profile(written(tmp_path, spelled, "renamed.toml")).sha256 == plain.sha256 == fingerprint(plain)
    other = load_profile(written(tmp_path, ACCURATE.replace("0.9", "0.91"), "other.toml"))
    assert other.sha256 != plain.sha256


def test_advice_is_part_of_the_limits(tmp_path: Path) -> None:
    plain = load_profile(written(tmp_path, ACCURATE))
    spelled = load_profile(written(tmp_path, ACCURATE + "advisory = false\n"))
    advice = load_profile(written(tmp_path, ACCURATE + "advisory = true\n"))
    assert spelled == plain
    assert advice.rules["model_is_accurate"]["advisory"] is True
    assert advice.sha256 != plain.sha256


def test_maps_are_advice_and_experiments_decide() -> None:
    for name in ("default", "quick"):
        rules = load_profile(name).rules
        advisory = {rule for rule, table in rules.items() if table.get("advisory")}
        assert {"relevance_beats_chance", "relevance_beats_null_maps"} <= advisory
        assert not advisory & {"depends_on_object", "survives_other_background", "survives_other_regions"}
        of_objects = {rule for rule in advisory if rule.startswith("survives_other_object_")}
        maps = advisory - {"right_for_the_right_reason"} - of_objects
        assert all("a map alone cannot certify" in str(rules[rule]["why"]) for rule in maps)
    advice = load_profile("default").rules
    assert "small boxes hold little evidence" in str(advice["right_for_the_right_reason"]["why"])
    for rule, reason in (("colour", "a stop sign is red"), ("shape", "a bus is longer than a pole")):
        assert advice[f"survives_other_object_{rule}"]["advisory"] is True
        assert reason in str(advice[f"survives_other_object_{rule}"]["why"])
    assert advice["survives_other_object_regions"]["advisory"] is True
    assert "what belongs to the object may tell its class" in str(advice["survives_other_object_regions"]["why"])


def test_order_of_rules_does_not_matter(tmp_path: Path) -> None:
    chance = '[rules.relevance_beats_chance]\nmargin = 0\nwhy = "Chance."\n'
    one, two = written(tmp_path, ACCURATE + chance, "1.toml"), written(tmp_path, chance + ACCURATE, "2.toml")
    assert load_profile(one).sha256 == load_profile(two).sha256
    assert list(load_profile(two).rules) == ["model_is_accurate", "relevance_beats_chance"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("confidence = \n", "own.toml: is not TOML: Invalid value (at line 1, column 14)"),
        ("confidense = 0.9\n", "own.toml: no key 'confidense'; did you mean 'confidence'?"),
        ("confidence = 0.5\n", "own.toml: confidence = 0.5: Input should be greater than 0.5"),
        ("confidence = nan\n", "own.toml: confidence = nan: Input should be"),
        ("rules = 3\n", "own.toml: rules is 3; need one table for each rule"),
        ("[rules]\nmodel_is_accurate = 1\n", "own.toml [rules.model_is_accurate]: is 1; need a table"),
        (
            ACCURATE.replace("model_is_accurate", "model_is_acurate"),
            "own.toml [rules.model_is_acurate]: no rule 'model_is_acurate'; did you mean 'model_is_accurate'?",
        ),
        (
            ACCURATE.replace("min_accuracy", "min_acuracy"),
            "own.toml [rules.model_is_accurate]: no option 'min_acuracy'; did you mean 'min_accuracy'?",
        ),
        ('[rules.model_is_accurate]\nwhy = "x"\n', "own.toml [rules.model_is_accurate]: min_accuracy is missing"),
        (ACCURATE.replace("0.9", "nan"), "min_accuracy = nan: Input should be a finite number"),
        (ACCURATE.replace("0.9", "1.5"), "min_accuracy = 1.5: Input should be less than or equal to 1"),
        (ACCURATE.replace("0.9", "true"), "min_accuracy = True: Input should be a valid number"),
        (
            ACCURATE.replace("The use demands it.", " "),
            "own.toml [rules.model_is_accurate]: has no 'why'; need a sentence",
        ),
        ("[rules.model_is_accurate]\nmin_accuracy = 0.9\n", "has no 'why'"),
        (
            "[rules.model_is_accurate]\nmin_accuracy = 0.9\nwhy = 'x'\nadvisory = 1\n",
            "advisory = 1; need true or false",
        ),
        ('[rules."os:nothing"]\nwhy = "x"\n', "os:nothing"),
    ],
)
def test_a_broken_profile_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        load_profile(written(tmp_path, text))
    assert message in str(caught.value)


@pytest.mark.tor("TOR-045")
@pytest.mark.parametrize("name", ["default.toml", "Quick.toml", " runway .toml"])
def test_a_file_does_not_pass_for_a_built_in_profile(name: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"has the name of the built-in profile '\w+'; need a name of its own"):
        load_profile(written(tmp_path, ACCURATE, name))


def test_a_missing_profile_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(
        AuditError, match=r"no profile 'defualt'; did you mean 'default'\? The path of a \.toml file works too\."
    ):
        load_profile("defualt")
    with pytest.raises(AuditError, match="No such file"):
        load_profile(tmp_path / "none.toml")
    wrong = tmp_path / "latin.toml"
    wrong.write_bytes('description = "é"'.encode("latin-1"))
    with pytest.raises(AuditError, match="is not TOML: 'utf-8' codec can't decode byte 0xe9 in position 15"):
        load_profile(wrong)


def extending(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_takes_over_what_it_does_not_state(tmp_path: Path) -> None:
    own = '[rules.model_is_accurate]\nmin_accuracy = 0.9\nwhy = "the contract"\n'
    mine = load_profile(extending(tmp_path, f'extends = "default"\nwithout = ["methods_agree"]\n{own}'))
    default = load_profile("default")
    assert set(default.rules) - set(mine.rules) == {"methods_agree"}
    assert mine.rules["model_is_accurate"] == {"min_accuracy": 0.9, "why": "the contract"}
    assert mine.rules["depends_on_object"] == default.rules["depends_on_object"]
    assert mine.confidence == default.confidence


def test_a_changed_limit_keeps_the_others_of_its_rule_and_brings_its_own_reason(tmp_path: Path) -> None:
    changed = '[rules.depends_on_object]\nmin_evidence = 0.7\nwhy = "the contract"\n'
    mine = load_profile(extending(tmp_path, f'extends = "default"\n{changed}'))
    assert mine.rules["depends_on_object"]["fills"] == ["mean", "blur", "donor"]
    with pytest.raises(AuditError, match=r"\[rules.depends_on_object\]: has no 'why'"):
        load_profile(extending(tmp_path, f'extends = "default"\n{changed.partition("why")[0]}'))


def test_what_may_matter_in_a_use_is_made_advisory_by_its_rule_alone(tmp_path: Path) -> None:
    text = '[rules.survives_other_placement]\nadvisory = true\nwhy = "The line sorts parts by place."\n'
    mine, default = load_profile(extending(tmp_path, f'extends = "default"\n{text}')), load_profile("default")
    own, other = (profile.rules["survives_other_placement"] for profile in (mine, default))
    assert own == {**other, "advisory": True, "why": "The line sorts parts by place."}
    assert "advisory" not in other
    assert {rule: mine.rules[rule] for rule in mine.rules if rule != "survives_other_placement"} == {
        rule: default.rules[rule] for rule in default.rules if rule != "survives_other_placement"
    }
    assert mine.sha256 != default.sha256


def test_wrong_extensions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"no profile 'defalt'; did you mean 'default'"):
        load_profile(extending(tmp_path, 'extends = "defalt"\n'))
    with pytest.raises(AuditError, match=r"no rule 'methods_agre' in default; did you mean 'methods_agree'"):
        load_profile(extending(tmp_path, 'extends = "default"\nwithout = ["methods_agre"]\n'))
    with pytest.raises(AuditError, match=r"mine\.toml: extends itself"):
        load_profile(extending(tmp_path, 'extends = "mine.toml"\n'))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = """
extends = "default"
confidense = 0.9
without = ["methods_agre"]
[rules.model_is_accurate]
min_accuracy = 2
min_acuracy = 0.9
[rules.nothing]
why = "x"
[slices]
by = ["a"]
rules = ["depend_on_object"]
why = "ours"
[measure.saliencey]
"""
    with pytest.raises(AuditError) as caught:
        load_profile(extending(tmp_path, text))
    seen = [problem.seen for problem in caught.value.parts]
    assert seen == [
        "no key 'confidense'",
        "no rule 'methods_agre' in default",
        "has no 'why'",
        "no option 'min_acuracy'",
        "min_accuracy = 2: Input should be less than or equal to 1",
        "no rule 'nothing'",
        "no table 'measure.saliencey'",
        "no rule 'depend_on_object' in the profile",
    ]


def test_without_is_a_list(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="without = 3; need a list of rules"):
        load_profile(extending(tmp_path, 'extends = "default"\nwithout = 3\n'))
