import SyncCore

/// A key under which headquarters' server may be met, as headquarters announced it in the log.
public struct ServerKey: Sendable, Equatable {
  public enum State: String, Sendable {
    /// To be used from a later time on; nodes accept it already.
    case announced
    case current
    /// Used no more.
    case retired
  }

  /// The base64 of the SHA-256 of the public key (its SubjectPublicKeyInfo), as libcurl pins it.
  public var pin: String
  public var state: State
  /// From when on it is used, in milliseconds since 1970, by headquarters' clock.
  public var from: Int64

  public init(pin: String, state: State, from: Int64) {
    self.pin = pin
    self.state = state
    self.from = from
  }
}

extension Store {
  /// The keys of headquarters' server as far as the log tells, in order of `from`.
  public func serverKeys() throws -> [ServerKey] {
    try read { transaction in
      let records = try Self.serverKeyRecords(transaction)
      let keys = records.compactMap { record in
        ServerKey.State(rawValue: record.text("state")).map {
          ServerKey(
            pin: String(decoding: record.key.bytes, as: UTF8.self), state: $0, from: record["from"].integer ?? 0)
        }
      }
      return keys.sorted { ($0.from, $0.pin) < ($1.from, $1.pin) }
    }
  }

  /// When headquarters sealed what the log says last of a key of its server, in milliseconds since 1970; nil for a key that
  /// the log does not know.
  public func saidAt(ofServerKey pin: String) throws -> Int64? {
    try read { transaction in
      let records = try Self.serverKeyRecords(transaction)
      let record = records.first { $0.key.bytes.elementsEqual(RecordKey(columns: [Array(pin.utf8)]).bytes) }
      return record?.state.edits.map(\.time).max()
    }
  }

  private static func serverKeyRecords(_ transaction: Transaction) throws -> [SystemRecord] {
    let channel = transaction.directory.headquartersChannel
    return try SystemRecords(transaction.heads, transaction.directory, transaction.facts)
      .all(SystemKind.serverKey) { $0 == channel }
  }

  /// Announces in the log under which key the server is met; headquarters only.
  ///
  /// The others learn it with their next exchange, so a new key is announced well before it is used.
  ///
  /// - Throws: `StoreError` with code `notPermitted` anywhere else than at headquarters.
  public func announce(_ key: ServerKey) throws {
    let operation = "announcing a key of the server"
    guard identity.role.isHeadquarters else {
      throw StoreError(.notPermitted, operation, "only headquarters does that", hint: "ask headquarters")
    }
    try write { transaction in
      guard let channel = transaction.directory.headquartersChannel else {
        throw StoreError(.damaged, operation, "the card of headquarters is missing")
      }
      // Only now: waiting for others at the file may have taken long, and nobody heard of it meanwhile.
      let now = SystemClock.now()
      try Sealer(transaction, wall: now).sealAll { sealer in
        try sealer.seal(
          SystemKind.serverKey, key: RecordKey(columns: [Array(key.pin.utf8)]), in: channel, at: now,
          [("state", .text(key.state.rawValue)), ("from", .integer(key.from))])
      }
    }
  }
}
