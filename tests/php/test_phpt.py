"""test_phpt.py: the .phpt files, each with services and a sandbox of its own."""

import pytest

from conftest import HERE


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.phpt")))
def test_phpt(name, php, services, box, request):
    path = php.key_file("local_key")
    php.env.update(CAPTCHAAI_API_KEY_FILE=str(path), KP_LOCAL_KEY=str(path))
    if name == "memory.phpt" and php.preload:
        pytest.skip("sanitizers keep what is freed")
    if name == "keys.phpt":
        del php.env["CAPTCHAAI_API_KEY_FILE"]
    if name == "process.phpt":
        request.getfixturevalue("locales")
    php.phpt(name)
    if (php.folder / "figures").exists():
        print((php.folder / "figures").read_text())
