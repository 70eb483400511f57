/// A number that names something, with a type of its own: a stream cannot be passed where a kind is meant.
///
/// At run time it is the `Int` that it wraps.
public protocol NamingNumber: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
  var number: Int { get }
  init(_ number: Int)
}

extension NamingNumber {
  // What the compiler would write for these is not inlined in other modules.
  @inlinable public static func == (a: Self, b: Self) -> Bool { a.number == b.number }
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(number) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
  @inlinable public init(integerLiteral number: Int) { self.init(number) }
  public var description: String { String(number) }
}

/// The number that one store gives to a stream, counted from 0. Other stores number the same stream differently.
@frozen public struct StreamNumber: NamingNumber {
  public let number: Int
  @inlinable public init(_ number: Int) { self.number = number }
}

/// The number that one store gives to a channel. Other stores number the same channel differently.
@frozen public struct ChannelNumber: NamingNumber {
  public let number: Int
  @inlinable public init(_ number: Int) { self.number = number }
}

/// The permanent number of a kind: 1 to 64,999 for a catalog's kinds, above that for a `SystemKind`.
@frozen public struct KindID: NamingNumber {
  public let number: Int
  @inlinable public init(_ number: Int) { self.number = number }
}

/// The permanent number of a field within its kind.
@frozen public struct FieldID: NamingNumber {
  public let number: Int
  @inlinable public init(_ number: Int) { self.number = number }

  /// The one field of a register that belongs to no group.
  @inlinable public init(aloneIn register: RegisterID) { number = register.number }
}

/// The permanent number of a register within its kind: that of a field group, or of the field that is alone in it.
@frozen public struct RegisterID: NamingNumber {
  public let number: Int
  @inlinable public init(_ number: Int) { self.number = number }

  /// The register of a field that belongs to no group.
  @inlinable public init(of field: FieldID) { number = field.number }

  /// Every register that a capture's mask has room for.
  public static let all = (1..<62).map { RegisterID($0) }

  /// The register as one bit of a mask; 0 for a number that no mask has room for.
  @inlinable public var bit: Int64 { (0..<63).contains(number) ? 1 << Int64(number) : 0 }
}
