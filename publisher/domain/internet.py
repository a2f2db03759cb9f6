"""Which addresses are those of the public internet, and which of one's own network."""

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

# What ipaddress calls global, or did in some version, and is none: RFC 6890, 4291, 3879.
NOT_PUBLIC = [
    ip_network(net)
    for net in ("192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4", "fec0::/10", "ff00::/8", "::/96")
]
NAT64 = ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, the IPv4 address in it included."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    inside = any(address in net for net in NOT_PUBLIC if net.version == address.version)
    return address.is_global and not inside
