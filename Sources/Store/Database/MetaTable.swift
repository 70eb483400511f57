import SyncCore

/// Gateway of `birlik_meta`: single values of the node by name.
struct MetaTable {
  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  /// Whether the file says who a node is: then it is one of ours, whatever marks a tool gave it.
  func identifiesNode() throws -> Bool {
    let table = try connection.prepared(
      "SELECT 1 FROM sqlite_master WHERE type='table' AND name='birlik_meta' AND rootpage>0")
    defer { table.reset() }
    guard try table.step() else { return false }
    return try [Meta.card, .headquarters, .catalog].allSatisfy { try bytes($0) != nil }
  }

  /// The value under a name; nil where none was set.
  func value(_ name: Meta) throws -> Value? { try read(name) { $0.value(0) } }

  func integer(_ name: Meta) throws -> Int64? { try value(name)?.integer }

  func text(_ name: Meta) throws -> String? { try value(name)?.display }

  /// A value of bytes; nil where there is none.
  func bytes(_ name: Meta) throws -> [UInt8]? {
    try read(name) { $0.isNull(0) ? nil : $0.bytes(0) } ?? nil
  }

  func set(_ name: Meta, _ value: Value) throws {
    let statement = try upsert(name)
    statement.bind(2, value)
    try statement.step()
  }

  func set(_ name: Meta, blob: [UInt8]) throws {
    let statement = try upsert(name)
    statement.bind(2, blob: blob)
    try statement.step()
  }

  /// Adds a sentence to what `birlik status` shows the administrator.
  func addNotice(_ words: String) throws {
    let known = try text(.notice) ?? ""
    guard !known.contains(words) else { return }
    // What was added long ago makes room.
    let isRoomy = known.utf8.count + words.utf8.count < 2000
    try set(.notice, .text(known.isEmpty || !isRoomy ? words : known + " " + words))
  }

  private func read<Result>(_ name: Meta, _ body: (Prepared) -> Result) throws -> Result? {
    let statement = try connection.prepared("SELECT value FROM birlik_meta WHERE name=?1")
    statement.bind(1, text: name.rawValue)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return body(statement)
  }

  private func upsert(_ name: Meta) throws -> Prepared {
    let statement = try connection.prepared("INSERT OR REPLACE INTO birlik_meta(name, value) VALUES(?1, ?2)")
    statement.bind(1, text: name.rawValue)
    return statement
  }
}
