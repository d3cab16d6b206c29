"""RFC 7616 section 3.9.1 gives the numbers."""

import pytest

from viewkeeper.agent.adapters.sources.digest import answer, parse

SHA = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MD5 = SHA.replace("SHA-256", "MD5")


@pytest.mark.parametrize(
    ("header", "response"),
    [
        (SHA, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (MD5, "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_answers_are_those_of_the_rfc(header, response):
    told = answer(
        parse([header]),
        username="Mufasa",
        password="Circle of Life",
        method="GET",
        target="/dir/index.html",
        count=1,
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert f'response="{response}"' in told
    assert "qop=auth, nc=00000001" in told


def test_the_stronger_of_several_challenges_is_taken():
    assert parse(['Basic realm="x"', MD5, SHA]).algorithm == "SHA-256"


def test_a_challenge_without_qop_is_answered_as_rfc_2069_did():
    old = parse(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    told = answer(
        old,
        username="Mufasa",
        password="Circle Of Life",
        method="GET",
        target="/dir/index.html",
        count=1,
    )
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in told
    assert "qop" not in told


@pytest.mark.parametrize(
    "header",
    [
        'Basic realm="x"',
        'Digest realm="x"',
        'Digest realm="x", nonce="y", algorithm=SHA-512-256',
        'Digest realm="x", nonce="y", qop="auth-int"',
        "",
    ],
)
def test_what_is_not_spoken_here_is_no_challenge(header):
    assert parse([header]) is None
