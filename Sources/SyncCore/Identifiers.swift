/// One installation: headquarters, a federation, or an office of a federation.
///
/// The first 16 bytes of the SHA-256 of the node's Ed25519 public key, so an id cannot be claimed without the key.
public struct NodeID: Hashable, Comparable, Sendable {
  public static let byteCount = 16
  /// The 16 bytes as two big-endian words, so that words compare as the bytes do.
  public var high: UInt64
  public var low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The id in `bytes`; nil unless there are exactly 16.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    high = UInt64(bigEndianBytes: bytes.prefix(8))
    low = UInt64(bigEndianBytes: bytes.dropFirst(8))
  }

  /// The id written as 32 hexadecimal digits; nil for anything else.
  public init?(hex: String) {
    guard let bytes = Hex.bytes(hex) else { return nil }
    self.init(bytes: bytes)
  }

  public var bytes: [UInt8] { high.bigEndianBytes + low.bigEndianBytes }

  /// 32 hexadecimal digits.
  public var hex: String { Hex.string(bytes) }

  public static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

/// The identity under which a node's changes are numbered: its id and a random nonce.
///
/// A node takes a fresh one when it finds that it was restored or copied.
public struct Origin: Hashable, Comparable, Sendable {
  public static let byteCount = 24
  public var node: NodeID
  public var nonce: UInt64

  public init(node: NodeID, nonce: UInt64) {
    self.node = node
    self.nonce = nonce
  }

  /// The origin in `bytes`; nil unless there are exactly 24.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount, let node = NodeID(bytes: bytes.prefix(16)) else { return nil }
    self.node = node
    nonce = UInt64(bigEndianBytes: bytes.dropFirst(16))
  }

  public var bytes: [UInt8] { node.bytes + nonce.bigEndianBytes }

  /// 48 hexadecimal digits.
  public var hex: String { Hex.string(bytes) }

  public static func < (a: Self, b: Self) -> Bool { (a.node, a.nonce) < (b.node, b.nonce) }
}

/// A SHA-256 digest: the name of a segment on its stream's chain.
public struct Digest: Hashable, Comparable, Sendable {
  public static let byteCount = 32
  /// The 32 bytes as four big-endian words, so that words compare as the bytes do.
  public var words: (UInt64, UInt64, UInt64, UInt64)

  public init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) { words = (a, b, c, d) }

  /// The digest in `bytes`; nil unless there are exactly 32.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    words = (
      UInt64(bigEndianBytes: bytes.prefix(8)), UInt64(bigEndianBytes: bytes.dropFirst(8).prefix(8)),
      UInt64(bigEndianBytes: bytes.dropFirst(16).prefix(8)), UInt64(bigEndianBytes: bytes.dropFirst(24))
    )
  }

  /// The digest written as 64 hexadecimal digits; nil for anything else.
  public init?(hex: String) {
    guard let bytes = Hex.bytes(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// Stands before the first segment of every stream.
  public static let zero = Digest(0, 0, 0, 0)

  public var bytes: [UInt8] {
    words.0.bigEndianBytes + words.1.bigEndianBytes + words.2.bigEndianBytes + words.3.bigEndianBytes
  }

  /// 64 hexadecimal digits.
  public var hex: String { Hex.string(bytes) }

  public static func == (a: Self, b: Self) -> Bool { a.words == b.words }
  public static func < (a: Self, b: Self) -> Bool { a.words < b.words }
  /// Over all of it: one word would let whoever invents digests fill one bucket of every table.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

/// Owner and audience: the unit of permission. Who may read and write a channel is static, never computed from data.
///
/// Written `ftuu:home` or `ftuu:open`.
public struct Channel: Hashable, Comparable, Sendable, CustomStringConvertible {
  public enum Audience: UInt8, Sendable, CaseIterable {
    /// The owning federation's nodes and headquarters.
    case home = 1
    /// All members.
    case open = 2
  }

  /// The code of the owning federation; headquarters has one as well.
  public var owner: String
  public var audience: Audience

  public init(owner: String, audience: Audience) {
    self.owner = owner
    self.audience = audience
  }

  /// The channel written as `owner:home` or `owner:open`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, FederationCode.isValid(String(parts[0])) else { return nil }
    switch parts[1] {
    case "home": self.init(owner: String(parts[0]), audience: .home)
    case "open": self.init(owner: String(parts[0]), audience: .open)
    default: return nil
    }
  }

  /// The channel in which records of the class live that `owner` owns; nil for local ones, which have none.
  public init?(owner: String, recordClass: RecordClass) {
    switch recordClass {
    case .local: return nil
    case .federation: self.init(owner: owner, audience: .home)
    case .everyone: self.init(owner: owner, audience: .open)
    }
  }

  public var description: String { owner + (audience == .home ? ":home" : ":open") }

  public static func < (a: Self, b: Self) -> Bool {
    a.owner.sameBytes(as: b.owner)
      ? a.audience.rawValue < b.audience.rawValue
      : a.owner.utf8.lexicographicallyPrecedes(b.owner.utf8)
  }
}

/// The short ASCII name of a federation, such as `ftuu` or `turk-is`.
public enum FederationCode {
  public static let maximumLength = 32

  /// True for 1 to 32 of `a-z`, `0-9` and `-` that begin with a letter: nothing that casing rules could change.
  public static func isValid(_ code: String) -> Bool {
    guard let first = code.utf8.first, (97...122).contains(first), code.utf8.count <= maximumLength else {
      return false
    }
    return code.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }
}

/// Who a node is to the others: its place among federations and what it may do there.
public struct NodeRole: Sendable, Equatable {
  public var isHeadquarters: Bool
  /// The federation's code.
  public var federation: String
  /// What an observer may not do; nil for a member. See `Catalog.role`.
  public var limits: Limits?

  /// What an observer may not do, by the catalog.
  public struct Limits: Sendable, Equatable {
    public var readsMembers: Bool
    public var writesOpen: Bool
    /// The code of headquarters' own channels.
    public var headquarters: String
  }

  public init(isHeadquarters: Bool, federation: String) {
    self.isHeadquarters = isHeadquarters
    self.federation = federation
  }

  /// Headquarters reads all; a federation's nodes read its home channel and every open one.
  public func mayRead(_ channel: Channel) -> Bool {
    if isHeadquarters || channel.owner.sameBytes(as: federation) { return true }
    guard channel.audience == .open else { return false }
    return limits.map { $0.readsMembers || channel.owner.sameBytes(as: $0.headquarters) } ?? true
  }

  /// Headquarters writes all; a federation's nodes write its two channels.
  public func mayWrite(_ channel: Channel) -> Bool {
    if isHeadquarters { return true }
    return channel.owner.sameBytes(as: federation) && (channel.audience == .home || limits?.writesOpen ?? true)
  }

  /// Whether a node may bring or fetch segments of a channel: what it may read, but of its own only what it may write.
  public func mayExchange(_ channel: Channel) -> Bool {
    mayRead(channel) && (!channel.owner.sameBytes(as: federation) || mayWrite(channel))
  }
}

/// Hexadecimal digits, lower case.
public enum Hex {
  public static func string(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes, or nil when `text` is not an even number of hexadecimal digits.
  public static func bytes(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
      let digit: UInt8
      switch character {
      case 48...57: digit = character - 48
      case 97...102: digit = character - 87
      case 65...70: digit = character - 55
      default: return nil
      }
      if let first = high {
        result.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? result : nil
  }
}

extension UInt64 {
  /// The number in at most eight big-endian bytes.
  public init(bigEndianBytes bytes: some Sequence<UInt8>) {
    self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Eight bytes, most significant first.
  public var bigEndianBytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> UInt64(56 - 8 * $0)) }
  }
}
