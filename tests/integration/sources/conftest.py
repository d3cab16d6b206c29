"""What several sources' tests need."""

import pytest

from tests.support.onvif_camera import PASSWORD


@pytest.fixture
def password_file(tmp_path):
    """The test camera's password, readable for its owner only."""
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", "utf-8")
    file.chmod(0o600)
    return str(file)
