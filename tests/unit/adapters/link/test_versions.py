from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Version, Versions


def hung_up(versions: Versions) -> Versions:
    return versions.failed(refused_version=False, unanswered=True)


def test_a_refusal_by_name_changes_the_version_at_once():
    changed = Versions().failed(refused_version=True, unanswered=False)
    assert changed.present is Version.V311


def test_silence_changes_it_only_the_second_time():
    once = hung_up(Versions())
    assert once.present is Version.V5
    assert hung_up(once).present is Version.V311


def test_a_wrong_guess_is_taken_back():
    versions = Versions()
    for _ in range(4):
        versions = hung_up(versions)
    assert versions.present is Version.V5


def test_no_network_says_nothing_about_versions():
    versions = hung_up(Versions()).failed(refused_version=False, unanswered=False)
    assert versions.present is Version.V5


def test_what_was_accepted_last_is_tried_first_and_silence_counts_anew():
    versions = hung_up(hung_up(Versions())).accepted()
    assert versions.present is Version.V311
    assert hung_up(versions).present is Version.V311


def test_a_link_that_must_not_fall_back_does_not():
    versions = Versions(allow_v311=False)
    for _ in range(5):
        versions = versions.failed(refused_version=True, unanswered=True)
    assert versions.present is Version.V5


def test_a_broker_known_to_be_old_is_asked_for_3_1_1_first():
    settings = LinkSettings(host="h", port=1, site="s", camera="c", prefer_v311=True)
    assert Versions.first(settings).present is Version.V311
