"""Which addresses are in a network, as logs write them: what the standard library says."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.networks import LONGEST, NetworkError, Networks, is_meant, network


def is_in(text, *networks):
    """Whether `text` is an address in one of these."""
    return Networks(networks).have(text)


@st.composite
def addresses_and_networks(draw):
    """An address, and networks around it and around its neighbours, near and far."""
    address = draw(st.ip_addresses().filter(lambda one: getattr(one, "ipv4_mapped", None) is None))
    make = IPv4Network if address.version == 4 else IPv6Network
    bits = st.integers(0, address.max_prefixlen - 1)
    found = []
    for _ in range(draw(st.integers(1, 5))):
        number = int(address) ^ (1 << draw(bits) if draw(st.booleans()) else 0)
        found.append(make((number, draw(bits) + 1), strict=False))
    return address, [*found, draw(st.sampled_from(["10.0.0.0/8", "2001:db8::/32", "::/0"]))]


@given(addresses_and_networks(), st.sampled_from(["{}", "[{}]", "[{}]:22", "{}#53"]))
def test_an_address_is_where_the_standard_library_says(drawn, way):
    """Of networks that overlap, touch or are apart, and of both kinds together."""
    address, networks = drawn
    texts = [str(one) for one in networks]
    assert is_in(way.format(address), *texts) == any(address in ip_network(one) for one in texts)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.7",
        "10.0.0.7:22",
        "10.0.0.7#59153",
        "[10.0.0.7]",
        "[10.0.0.7]:22",
        "::ffff:10.0.0.7",
        "::FFFF:10.0.0.7:22",
        "::ffff:a00:7",
        "[::ffff:10.0.0.7]:443",
    ],
)
def test_an_address_of_ipv4_is_found_however_a_log_writes_it(text):
    """A port is no part of it, and a socket for both kinds logs it as one of IPv6."""
    assert is_in(text, "10.0.0.0/8")
    assert is_in(text, "::ffff:10.0.0.0/104")
    assert not is_in(text, "192.168.0.0/16", "::/0")


@pytest.mark.parametrize(
    "text",
    ["fe80::7", "FE80::7", "[fe80::7]:49152", "fe80::7%eth0", "[fe80::7%eth0]:22", "fe80::7#59"],
)
def test_an_address_of_ipv6_is_found_however_a_log_writes_it(text):
    """The zone says by which interface, and is no part of it either."""
    assert is_in(text, "fe80::/10")
    assert not is_in(text, "2001:db8::/32", "0.0.0.0/0")


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "localhost", "10.0.0", "010.0.0.7", "10.0.0.256", "10.0.0.7/8", "10.0.0.7."),
        *("10.0.0.7, 10.0.0.8", "١٠.0.0.7", "10.0.0.7\n", "::1::", "fe80::7%" + "x" * LONGEST),
    ],
)
def test_what_is_no_address_is_in_no_network(text):
    """Names are not looked up, and 010 may be 8."""
    assert not is_in(text, "0.0.0.0/0", "::/0")


@given(st.text(max_size=80))
def test_any_text_is_in_a_network_or_not(text):
    """Nothing raises."""
    assert is_in(text, "0.0.0.0/0", "::/0") in (True, False)


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("127.0.0.1/8", "is one address in a network", "write 127.0.0.0/8 for the network, or 127"),
        (
            "fe80::1/10",
            "is one address in a network",
            "write fe80::/10 for the network, or fe80::1",
        ),
        (
            "10.0.0.0/33",
            "has no mask from /0 to /32",
            "write 10.0.0.0 for the address, or 10.0.0.0/16",
        ),
        ("10.0.0.0/", "has no mask from /0 to /32", "write 10.0.0.0"),
        ("::1/129", "has no mask from /0 to /128", "write ::1 for the address"),
        ("10/8", "lacks some of four numbers", "write 10.0.0.0/8"),
        ("192.168./16", "lacks some of four numbers", "write 192.168.0.0/16"),
        ("10.0.0.300", "is no address or network", "write one: 10.0.0.7"),
        ("10.0.0.5-10.0.0.9", "is no address or network", "write one: 10.0.0.7"),
        ("10.0.0.7:22", "is more than an address", "leave its port out"),
        ("[::1]:22", "is more than an address", "leave its port out"),
        ("fe80::1%eth0", "has a zone, which is not looked at", "leave %... out"),
        ("fe80::%eth0/10", "has a zone, which is not looked at", "leave %... out"),
    ],
)
def test_what_was_meant_for_a_network_is_refused_with_what_to_write(text, said, remedy):
    """A mistake that nobody tells of would let through what must not be."""
    assert is_meant(text)
    with pytest.raises(NetworkError, match=said) as caught:
        network(text)
    assert caught.value.remedy.startswith(remedy)


@pytest.mark.parametrize(
    "text", ["progress", "3.5", "10", "10:30:00", "1.2.3", "std::string", "main.c:7", "5/x", "a/8"]
)
def test_other_texts_were_not_meant_for_a_network(text):
    """`state: in progress` goes on to be a text."""
    assert not is_meant(text)


def test_a_mask_may_be_written_out():
    """As old programs have it."""
    assert network("10.0.0.0/255.0.0.0") == ip_network("10.0.0.0/8")


def test_all_that_ipv6_writes_of_ipv4_is_all_of_ipv4():
    assert network("::ffff:0:0/96") == IPv4Network("0.0.0.0/0")
    assert network("::fffe:0:0/95") == IPv6Network("::fffe:0:0/95")
