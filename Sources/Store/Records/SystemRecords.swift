import SyncCore

/// What one record of a `SystemKind` says.
struct SystemRecord {
  var key: RecordKey
  var channel: Channel
  /// As in `Kind.fields` of its kind.
  var values: [Value]
  /// The heads behind the values.
  var state: RecordState
  private let kind: Kind

  init(_ kind: Kind, key: RecordKey, channel: Channel, state: RecordState, values: [Value]) {
    self.kind = kind
    self.state = state
    self.key = key
    self.channel = channel
    self.values = values
  }

  /// The value of a field; NULL for one that the kind has not.
  subscript(name: String) -> Value {
    guard let index = kind.fields.firstIndex(where: { $0.name.sameBytes(as: name) }), values.indices.contains(index)
    else { return .null }
    return values[index]
  }

  /// A text, empty for NULL.
  func text(_ name: String) -> String { self[name].display }
}

/// Reads records that have no table from their heads.
struct SystemRecords {
  private let heads: HeadTable
  private let directory: Directory
  private let order: HeadOrder

  init(_ heads: HeadTable, _ directory: Directory, _ order: HeadOrder) {
    self.heads = heads
    self.directory = directory
    self.order = order
  }

  /// The shapes of the system's kinds; in none of the catalog's tables, so that nothing shows, repairs or retires them.
  private static let tables = Dictionary(uniqueKeysWithValues: SystemKind.all.map { ($0.id, KindTable($0)) })

  static func table(_ kind: Kind) -> KindTable { tables[kind.id] ?? KindTable(kind) }

  /// Every record of a system's kind that exists, in order of key.
  ///
  /// - Parameter isWanted: which channels count: whoever may write another one says nothing that matters here.
  func all(_ kind: Kind, where isWanted: (Channel) -> Bool = { _ in true }) throws -> [SystemRecord] {
    let shape = Self.table(kind).shape
    var found: [SystemRecord] = []
    try heads.each(of: kind.id) { place, stored in
      guard let channel = directory.channel(place.channel), isWanted(channel) else { return }
      let state = try StateCodec.decode(stored) { [:] }
      guard state.exists(kind.deletion) else { return }
      found.append(
        SystemRecord(
          kind, key: place.key, channel: channel, state: state,
          values: try Projection(shape, state, facts: order).values))
    }
    return found
  }
}
