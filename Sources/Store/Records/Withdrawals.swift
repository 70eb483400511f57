import Limits
import SyncCore
import Wire

/// Takes back records that no statement on a table can delete: those that are written once, and those that are shown
/// nowhere because their key is not allowed.
struct Withdrawals {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Captures the deletion of a record that exists in the log and has no row.
  ///
  /// - Returns: false where there is no such record that this node may delete.
  func captureHidden(_ table: KindTable, _ key: RecordKey) throws -> Bool {
    guard table.isShared, table.problem(key: key) != nil else { return false }
    let role = transaction.role(transaction.identity.role)
    let isOurs = try transaction.records.slots(table, key).contains { slot in
      guard let channel = transaction.directory.channel(slot.channel) else { return false }
      return slot.state.exists(table.kind.deletion) && role.mayWrite(channel)
    }
    if isOurs { try transaction.capture.add(mask: 0, table, key) }
    return isOurs
  }

  /// Seals the deletion of a record that is written once, and why.
  ///
  /// - Throws: `StoreError` with code `unknown` where there is none, `notPermitted` for a record of another owner.
  func withdraw(_ table: KindTable, _ key: RecordKey, reason: String, at: Int64, _ sealer: Sealer) throws {
    let operation = "withdrawing a record"
    guard table.isShared, table.kind.appendOnly else {
      throw StoreError(
        .invalid, operation, "records of \(table.kind.name) can be edited and removed",
        hint: "use `birlik set` or `birlik remove`")
    }
    guard let row = try transaction.rows.row(table, key) else {
      throw StoreError(
        .unknown, operation, "there is no \(table.kind.name) \(key.display)",
        hint: "`birlik list \(table.kind.name)` shows what there is")
    }
    let owner = String(decoding: row.federation, as: UTF8.self)
    let role = transaction.role(transaction.identity.role)
    guard owner.sameBytes(as: role.federation),
      let channel = Channel(owner: owner, recordClass: table.kind.recordClass),
      role.mayWrite(channel)
    else {
      throw StoreError(
        .notPermitted, operation, "\(table.kind.name) \(key.display) belongs to \(owner)",
        hint: "only its owner can withdraw it")
    }
    try sealer.remove(from: channel, table, key, at: at)
    try sealer.seal(
      SystemKind.withdrawal, key: Self.id(table.kind, key), in: channel, at: at,
      [
        ("kind", .text(Array(table.kind.name.utf8))), ("key", .text(Array(key.display.utf8))),
        ("reason", .text(Array(reason.utf8))),
      ])
    // It is no change of a record that people know.
    sealer.uncountChange()
  }

  /// Why a record was withdrawn, by channel.
  func reasons(_ table: KindTable, _ key: RecordKey) throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    let shape = SystemRecords.table(SystemKind.withdrawal).shape
    for slot in try transaction.records.slots(SystemKind.withdrawal.id, Self.id(table.kind, key)) {
      guard let channel = transaction.directory.channel(slot.channel), slot.state.exists(.editWins),
        let index = shape.fields.firstIndex(where: { $0.name == "reason" }),
        case .text(let reason) = try Projection(shape, slot.state, facts: transaction.facts).values[index]
      else { continue }
      found[channel.description] = reason
    }
    return found
  }

  private static func id(_ kind: Kind, _ key: RecordKey) -> RecordKey {
    var writer = ByteWriter()
    writer.sized(Array(kind.id.description.utf8))
    writer.sized(key.bytes)
    return RecordKey(Hex.string(Digest(sha256: writer.bytes).bytes.prefix(16)))
  }
}

extension Store {
  /// Withdraws a record that is written once, as its owner: it is shown and counted no more, and its history stays.
  public func withdraw(kind: String, key: String, reason: String, now: Int64 = SystemClock.now()) throws {
    try write { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      try Sealer(transaction, wall: now).sealAll { sealer in
        try Withdrawals(transaction).withdraw(table, key, reason: reason, at: now, sealer)
      }
    }
  }
}
