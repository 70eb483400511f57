import Consolidation
import SyncCore

/// A record that a finding is about, and what its people can do.
struct FoundRecord {
  let table: KindTable
  let key: RecordKey
  /// Its owner's code; empty in kinds of personal data.
  let federation: String

  /// What a statement has to select first to make one: the key, and the owner where the kind has one.
  static func columns(_ table: KindTable) -> String {
    (table.kind.key.map(\.name.sql) + (table.isShared ? ["federation"] : [])).joined(separator: ", ")
  }

  /// How many columns that are.
  static func width(_ table: KindTable) -> Int { table.kind.key.count + (table.isShared ? 1 : 0) }

  /// - Parameter row: a statement that selects `columns` first.
  init(_ row: Prepared, _ table: KindTable) {
    self.table = table
    key = RecordKey(columns: table.kind.key.indices.map { row.bytes($0) })
    federation = table.isShared ? row.string(table.kind.key.count) : ""
  }

  /// The key as findings show it: with the codes of what nobody would see.
  var shown: String { KeyText.shown(key.display) }

  /// Whether this node may edit the record.
  private func isOwn(_ transaction: Transaction) -> Bool {
    guard table.isShared else { return true }
    return Channel(owner: federation, recordClass: table.kind.recordClass)
      .map { transaction.role(transaction.identity.role).mayWrite($0) } ?? false
  }

  /// How the record gets another text in one column of its key.
  func rekeying(_ column: String, to text: [UInt8], _ transaction: Transaction) throws -> Finding.Remedy {
    guard isOwn(transaction) else { return .advice("tell \(federation), whose record it is") }
    var columns = key.columns
    guard let place = table.kind.key.firstIndex(where: { $0.name.sameBytes(as: column) }),
      columns.indices.contains(place)
    else { return .advice("correct it with `birlik rekey`") }
    columns[place] = text
    return try rekeying(to: RecordKey(columns: columns), transaction)
  }

  /// How the record gets another key.
  func rekeying(to other: RecordKey, _ transaction: Transaction) throws -> Finding.Remedy {
    guard isOwn(transaction) else { return .advice("tell \(federation), whose record it is") }
    let name = table.kind.name
    if table.kind.appendOnly {
      return .advice("withdraw it with `birlik withdraw \(name)`, and enter it with the right key")
    }
    guard table.shape.problem(typedKey: other) == nil else {
      return .advice("give it another key with `birlik rekey \(name)`")
    }
    guard try HiddenRecords(transaction).isFree(table, other) else {
      return .advice(
        "there is or was a record \(KeyText.shown(other.display)): compare both with `birlik show`, and remove one")
    }
    return .command("rekey", [name, key.display, other.display])
  }

  /// How the record gets another value.
  func setting(_ column: String, to text: String, _ transaction: Transaction) -> Finding.Remedy {
    guard isOwn(transaction) else { return .advice("tell \(federation), whose record it is") }
    return .command("set", [table.kind.name, key.display, "\(column)=\(text)"])
  }

  /// What to do where nobody can guess the right text.
  func correcting(_ column: String, isKey: Bool, _ transaction: Transaction) -> Finding.Remedy {
    guard isOwn(transaction) else { return .advice("tell \(federation), whose record it is") }
    let (name, key) = (table.kind.name, ShellWords.quoted(key.display))
    if table.kind.appendOnly { return .advice("if it is wrong, withdraw it with `birlik withdraw \(name)`") }
    return .advice(
      isKey
        ? "if it is wrong: birlik rekey \(name) \(key) NEWKEY" : "if it is wrong: birlik set \(name) \(key) \(column)=…"
    )
  }
}
