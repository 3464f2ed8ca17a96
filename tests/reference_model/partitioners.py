"""Where a key's records lie, as section 1 of docs/semantics.md says: MurmurHash2 and CRC-32, bit by bit."""

WORD = 2**32


def murmur2(key: bytes, partitions: int) -> int:
    mixed = 0x9747B28C ^ len(key)
    whole = len(key) - len(key) % 4
    for place in range(0, whole, 4):
        word = int.from_bytes(key[place : place + 4], "little") * 0x5BD1E995 % WORD
        word = (word ^ word >> 24) * 0x5BD1E995 % WORD
        mixed = mixed * 0x5BD1E995 % WORD ^ word
    if key[whole:]:
        mixed = (mixed ^ int.from_bytes(key[whole:], "little")) * 0x5BD1E995 % WORD
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 % WORD
    return (mixed ^ mixed >> 15) % 2**31 % partitions


def crc32(key: bytes, partitions: int) -> int:
    rest = WORD - 1
    for byte in key:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0xEDB88320 if rest & 1 else 0)
    return (WORD - 1 ^ rest) % partitions
