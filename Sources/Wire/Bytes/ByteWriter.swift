import SyncCore

/// Writes numbers and lengths of the wire format.
public struct ByteWriter: Sendable {
  /// What was written.
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// Makes room for `count` more bytes.
  public mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// One byte.
  public mutating func byte(_ value: UInt8) { bytes.append(value) }

  /// Unsigned LEB128: seven bits a byte, least significant first.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A count or a length, which is never negative.
  public mutating func count(_ value: Int) { varint(UInt64(clamping: value)) }

  /// A number that names something.
  public mutating func id(_ id: some NamingNumber) { count(id.number) }

  /// A signed number in zigzag form: 0, -1, 1, -2 … as 0, 1, 2, 3 …
  public mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: value &<< 1 ^ value &>> 63)) }

  /// Bytes of a length that the reader knows.
  public mutating func raw(_ value: some Collection<UInt8>) { bytes.append(contentsOf: value) }

  /// A length and that many bytes.
  public mutating func sized(_ value: some Collection<UInt8>) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  /// UTF-8 with its length.
  public mutating func text(_ value: String) { sized(Array(value.utf8)) }

  mutating func digest(_ value: Digest) { raw(value.bytes) }

  mutating func tip(_ value: Tip) {
    raw(value.origin.bytes)
    varint(UInt64(clamping: value.sequence))
    digest(value.hash)
  }
}
