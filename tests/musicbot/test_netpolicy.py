from __future__ import annotations

import pickle
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.errors import ConfigError
from musicbot.netpolicy import NetPolicy

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.114.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "2620:fe::fe",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c::1",
    "2001:2::1",
    "2001:10::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]

NO_ADDRESS = [
    "",
    "localhost",
    "example.com",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "127.0.0.1:80",
    "[::1]",
    "8.8.8.8/32",
    " 8.8.8.8",
    "8.8.8.8\n",
    "８.8.8.8",
]


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_allowed(ip: str) -> None:
    assert NetPolicy().allowed(ip)


@pytest.mark.parametrize("ip", REFUSED)
def test_an_address_that_is_not_public_is_refused(ip: str) -> None:
    assert not NetPolicy().allowed(ip)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_plain_address_is_refused_even_if_some_resolver_would_take_it(text: str) -> None:
    assert not NetPolicy.parse(["0.0.0.0/0", "::/0"]).allowed(text)


@pytest.mark.parametrize(
    ("network", "ip", "allowed"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "10.0.0.1", False),
        ("192.168.1.10", "192.168.1.10", True),
        ("192.168.1.10", "192.168.1.11", False),
        ("192.168.1.10", "::ffff:192.168.1.10", True),
        ("192.168.1.10", "64:ff9b::c0a8:10a", True),
        ("192.168.1.10", "8.8.8.8", True),
        ("::1", "::1", True),
        ("::1", "127.0.0.1", False),
        ("fd00:1::/64", "fd00:1::99", True),
        ("fd00:1::/64", "fd00:2::99", False),
        ("64:ff9b::/96", "64:ff9b::a00:1", True),
        ("64:ff9b::/96", "10.0.0.1", False),
    ],
)
def test_the_operator_can_allow_a_network(network: str, ip: str, allowed: bool) -> None:
    assert NetPolicy.parse([network]).allowed(ip) is allowed


def test_every_allowed_network_counts() -> None:
    policy = NetPolicy.parse(["10.0.0.0/8", " fd00::/8 "])

    assert policy.allow == (IPv4Network("10.0.0.0/8"), *NetPolicy.parse(["fd00::/8"]).allow)
    assert policy.allowed("10.1.2.3")
    assert policy.allowed("fd12::1")


@pytest.mark.parametrize("text", ["", "home", "10.0.0.0/33", "10.0.0", "fd00::/129", "1.2.3.4-9"])
def test_what_is_no_network_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write an address like 192\.168\.1\.10"):
        NetPolicy.parse([text])


def test_an_address_with_a_prefix_is_answered_with_its_network() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 192\.168\.1\.0/24\?"):
        NetPolicy.parse(["192.168.1.10/24"])


@pytest.mark.parametrize("port", [80, 443, 8000, 8080, 8443, 9000, 1935, 65535, 27015])
def test_ports_where_music_is_found_are_allowed(port: int) -> None:
    assert NetPolicy().port_allowed(port)


@pytest.mark.parametrize("port", [-1, 0, 22, 25, 53, 143, 465, 587, 6667, 65536])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    assert not NetPolicy().port_allowed(port)


def test_a_policy_can_be_sent_to_another_process() -> None:
    policy = NetPolicy.parse(["10.0.0.0/8", "fd00::/8"])

    assert pickle.loads(pickle.dumps(policy)) == policy


@given(st.text() | st.ip_addresses().map(str))
def test_every_text_gets_an_answer(text: str) -> None:
    assert NetPolicy().allowed(text) in (True, False)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_whatever_it_is_wrapped(inner: IPv4Address) -> None:
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + inner.packed)
    nat64 = IPv6Address(bytes.fromhex("0064ff9b") + b"\0" * 8 + inner.packed)
    six_to_four = IPv6Address(b"\x20\x02" + inner.packed + b"\0" * 10)

    answers = {NetPolicy().allowed(str(ip)) for ip in (inner, mapped, nat64, six_to_four)}

    assert len(answers) == 1


@given(st.text(max_size=30) | st.ip_addresses().map(str), st.text(max_size=5) | st.just("128"))
def test_every_list_of_networks_is_read_or_refused(text: str, prefix: str) -> None:
    try:
        policy = NetPolicy.parse([f"{text}/{prefix}"])
    except ConfigError:
        return
    assert len(policy.allow) == 1


@given(st.ip_addresses())
def test_allowing_everything_allows_everything(ip: IPv4Address | IPv6Address) -> None:
    assert NetPolicy.parse(["0.0.0.0/0", "::/0"]).allowed(str(ip))
