import Limits
import SyncCore
import Wire

/// What a proposal says, as the log has it.
struct ProposedTexts {
  var kind: String
  var key: String
  var channel: String
  var operation: String
  var values: String
  var node: String
  var emptied: String

  /// What the proposal is called. Without what the proposer had seen: the same edit of a backup is the same proposal.
  func id(at: Int64) -> RecordKey {
    var writer = ByteWriter()
    for text in [kind, key, channel, operation, values, node, emptied] { writer.sized(Array(text.utf8)) }
    writer.sized(Array(String(at).utf8))
    return RecordKey(Hex.string(Digest(sha256: writer.bytes).bytes.prefix(16)))
  }
}

/// What of a record is put before headquarters.
struct ProposedEdit {
  /// The whole row, as of one that is new.
  var isWhole: Bool
  /// Otherwise the registers that were edited, one bit each.
  var registers: Int64
  /// When it was typed, in milliseconds since 1970.
  var at: Int64

  init(isWhole: Bool, registers: Int64, at: Int64) {
    self.isWhole = isWhole
    self.registers = registers
    self.at = at
  }

  /// - Parameter changes: what the edits amount to.
  init(_ edits: CapturedEdits, _ changes: [Change]) {
    let registers = changes.flatMap(\.registers).reduce(0) { $0 | $1.key.id.bit }
    self.init(isWhole: changes.contains { $0.operation == .insertion }, registers: registers, at: edits.lastAt)
  }

  func names(_ register: Register) -> Bool { isWhole || registers & (register.id.bit) != 0 }
}

/// Puts edits that this node may not make before headquarters.
final class Proposer {
  private unowned let sealer: Sealer
  private var transaction: Transaction { sealer.transaction }
  /// How many proposals of this node wait for a decision, once that was asked.
  private var openProposals: Int?
  /// Whether the last edit was too large to travel.
  private var isTooLarge = false

  init(_ sealer: Sealer) { self.sealer = sealer }

  /// Puts an edit before headquarters, in this federation's home channel. Local columns are no part of it.
  ///
  /// - Returns: the key of the proposal; nil where it would be too large to travel, or where too many wait already.
  func propose(
    _ edit: ProposedEdit, _ table: KindTable, _ key: RecordKey, row: ShownRow?, to channel: Channel
  ) throws -> RecordKey? {
    isTooLarge = false
    let role = transaction.identity.role
    guard !role.isHeadquarters, key.bytes.count <= WireLimits.keyBytes else { return nil }
    let waiting = try openProposals ?? ProposalReader(transaction).openCount()
    openProposals = waiting
    guard waiting < StoreLimits.openProposalsPerNode else { return nil }
    let operation: RefusedView.Operation = row == nil ? .delete : edit.isWhole ? .insert : .edit
    var cells: [Cell] = []
    var emptied: [String] = []
    for (index, field) in table.fields.enumerated() {
      guard let row, row.values.indices.contains(index) else { break }
      guard edit.names(table.registers[table.registerOfField[index]]) else { continue }
      if row.values[index].isNull { if !edit.isWhole { emptied.append(field.id.description) } }
      cells.append(Cell(field: field.id, value: row.values[index]))
    }
    var writer = ByteWriter()
    StateCodec.encode(Content(cells), into: &writer)
    let size = cells.reduce(0) { if case .text(let text) = $1.value { $0 + text.count } else { $0 + 8 } }
    guard size <= StoreLimits.recordBytes else {
      isTooLarge = true
      return nil
    }
    let at = edit.at
    let proposed = ProposedTexts(
      kind: table.kind.name, key: key.display, channel: channel.description, operation: operation.rawValue,
      values: Hex.string(writer.bytes), node: transaction.identity.node.hex, emptied: emptied.joined(separator: ","))
    let id = proposed.id(at: at)
    let seen = try Unsendable(transaction).frontier { $0 == channel }
    try sealer.seal(
      SystemKind.proposal, key: id, in: Channel(owner: role.federation, audience: .home), at: at,
      [
        ("kind", .text(proposed.kind)), ("key", .text(proposed.key)), ("channel", .text(proposed.channel)),
        ("operation", .text(proposed.operation)), ("values", .text(proposed.values)),
        ("seen", .text(NodeStatement.text(of: seen))), ("node", .text(proposed.node)),
        ("at", .integer(at)), ("emptied", emptied.isEmpty ? .null : .text(proposed.emptied)),
      ])
    // It is no change of a record that people know.
    sealer.uncountChange()
    openProposals = waiting + 1
    return id
  }

  /// Why an edit is not taken, and why it was not proposed where that is for their number.
  func reason(_ words: String, proposed: RecordKey?) -> String {
    if proposed == nil, isTooLarge {
      return words + "; it is too large to be put before headquarters: put it to them yourself"
    }
    let limit = StoreLimits.openProposalsPerNode
    guard proposed == nil, let openProposals, openProposals >= limit else { return words }
    return words
      + "; it was not put before headquarters, where \(limit) edits of this node wait already: type it again "
      + "when those are decided"
  }
}
