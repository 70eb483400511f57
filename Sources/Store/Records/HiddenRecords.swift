import SyncCore

/// Records that another owner's record hides: where two owners use one key, the one made first has the row.
struct HiddenRecords {
  private let transaction: Transaction
  private var records: Records { transaction.records }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// One record that has no row.
  struct Found {
    var channel: Channel
    /// What its row would be.
    var row: ShownRow
  }

  /// The record that somebody here means, where it is a hidden one: that of `owner`, else this federation's own.
  ///
  /// - Returns: nil where the row is meant.
  /// - Throws: `StoreError` with code `unknown` where the owner has no record under the key.
  func find(_ table: KindTable, _ key: RecordKey, owner: String?) throws -> Found? {
    guard table.isShared else { return nil }
    let wanted = owner ?? transaction.identity.role.federation
    let all = try living(table, key)
    if let one = all.first(where: { $0.channel.owner.sameBytes(as: wanted) }) {
      return one.isShown ? nil : Found(channel: one.channel, row: one.row)
    }
    guard let owner else { return nil }
    if try transaction.rows.row(table, key)?.federation.elementsEqual(owner.utf8) == true { return nil }
    throw StoreError(
      .unknown, "looking for a record", "\(owner) has no \(table.kind.name) \(key.display)",
      hint: all.isEmpty ? "" : "it is used by \(all.map(\.channel.owner).joined(separator: " and "))")
  }

  /// The hidden records under a key, as people read them.
  func views(_ table: KindTable, _ key: RecordKey, conflicts: [String]) throws -> [RecordView] {
    try living(table, key).filter { !$0.isShown }.map { one in
      var columns = zip(table.kind.key, key.columns).map { (name: $0.name, value: Value.text($1)) }
      columns.append((name: "federation", value: .text(one.channel.owner)))
      for field in table.kind.fields {
        // Local columns are those of the row.
        let index = table.fieldIndex(id: field.id)
        columns.append((name: field.name, value: index.map { one.row.values[$0] } ?? .null))
      }
      var view = RecordView(
        kind: table.kind.name, key: key.display, columns: columns, invalid: [], conflicts: conflicts)
      view.isHidden = true
      return view
    }
  }

  /// Of records under one key those that this node may give another key, with one that is free.
  func rekeyable(_ table: KindTable, _ key: RecordKey, _ slots: [RecordSlot]) throws -> [ConflictView.Rekeyable] {
    let role = transaction.role(transaction.identity.role)
    return try slots.filter { $0.state.exists(table.kind.deletion) }.compactMap { slot in
      guard let channel = transaction.directory.channel(slot.channel), role.mayWrite(channel),
        let free = try freeKey(table, key, for: channel.owner)
      else { return nil }
      return ConflictView.Rekeyable(federation: channel.owner, newKey: free.display)
    }
  }

  /// Whether no record ever had a key.
  func isFree(_ table: KindTable, _ key: RecordKey) throws -> Bool {
    try transaction.rows.row(table, key) == nil && !transaction.heads.contains(table.kind.id, key)
  }

  /// The key with the owner's name in it.
  private func freeKey(_ table: KindTable, _ key: RecordKey, for owner: String) throws -> RecordKey? {
    guard
      let place = table.kind.key.firstIndex(where: { column in
        switch column.type {
        case .text, .ref: true
        default: false
        }
      })
    else { return nil }
    for number in 1...99 {
      var columns = key.columns
      guard columns.indices.contains(place) else { return nil }
      columns[place] += Array("-\(owner)\(number == 1 ? "" : "-\(number)")".utf8)
      let other = RecordKey(columns: columns)
      if table.problem(key: other) == nil, try isFree(table, other) { return other }
    }
    return nil
  }

  private func living(
    _ table: KindTable, _ key: RecordKey
  ) throws -> [(channel: Channel, row: ShownRow, isShown: Bool)] {
    let slots = try records.slots(table, key)
    guard slots.count > 1 else { return [] }
    let shown = try records.shownSlot(slots, table.kind.deletion)
    var found: [(channel: Channel, row: ShownRow, isShown: Bool)] = []
    for (index, slot) in slots.enumerated() where slot.state.exists(table.kind.deletion) {
      guard let channel = transaction.directory.channel(slot.channel), let row = try records.row(of: slot, table) else {
        continue
      }
      found.append((channel, row, index == shown))
    }
    return found
  }
}
