/// What of a record people gave different values for without knowing of each other.
public enum Contested: Hashable, Sendable {
  /// Whether the record exists: somebody deleted it, and somebody else edited it.
  case existence
  /// Whose record it is: two owners use one key.
  case key
  case register(RegisterKey)

  /// What people and stored rows call it: `(record)`, `(key)`, or the name of the register.
  public func label(_ shape: KindShape) -> String {
    switch self {
    case .existence: RecordNotes.existence
    case .key: RecordNotes.keyCollision
    case .register(let key): RecordNotes.label(shape, key)
    }
  }

  /// What a label names; nil for a label that the kind does not have.
  public init?(label: String, _ shape: KindShape) {
    if label.sameBytes(as: RecordNotes.existence) {
      self = .existence
    } else if label.sameBytes(as: RecordNotes.keyCollision) {
      self = .key
    } else if let register = RecordNotes.register(shape, label: label) {
      self = .register(register)
    } else {
      return nil
    }
  }

  /// The sides of a conflict about a record's existence.
  public enum Existence: String, Sendable {
    case kept, deleted
  }

  /// The sides of a conflict about an element of a set.
  public enum Element: String, Sendable {
    case added, removed

    public init(_ content: Content) { self = content.isEmpty ? .removed : .added }
  }
}
