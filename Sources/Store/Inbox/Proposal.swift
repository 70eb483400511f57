import Limits
import SyncCore
import Wire

/// An edit that somebody typed into a record of another owner, put before headquarters.
public struct Proposal: Sendable, Equatable {
  public enum Decision: String, Sendable {
    case accepted, declined
  }

  /// 32 hexadecimal digits that stand for all that is proposed: what is changed after it was listed has another id.
  public var id: String
  /// The kind's name and the key as people write it.
  public var kind: String
  public var key: String
  /// The channel of the record.
  public var channel: String
  /// `insert`, `edit` or `delete`.
  public var operation: String
  /// What was typed, by field; NULL for one that was emptied.
  public var values: [(field: String, value: Value)]
  /// What the record shows now of the same fields; empty where there is no record.
  public var shown: [(field: String, value: Value)]
  /// What people call the node where it was typed, and its federation.
  public var node: String
  public var federation: String
  /// When it was typed, in milliseconds since 1970.
  public var at: Int64
  /// Whether the record was edited since by somebody whom the proposer had not heard.
  public var isOvertaken: Bool
  /// Nil while it is open.
  public var decision: Decision?
  public var decidedAt: Int64?
  /// Why it was declined.
  public var reason: String

  public static func == (a: Self, b: Self) -> Bool {
    a.id == b.id && a.decision == b.decision && a.isOvertaken == b.isOvertaken && a.reason == b.reason
      && a.values.elementsEqual(b.values) { $0.field == $1.field && $0.value == $1.value }
  }
}

/// What a proposal says, as it stands in the log.
private struct ProposedTexts {
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

  init(_ edits: CapturedEdits) {
    self.init(isWhole: edits.insertedAt != nil, registers: edits.edited, at: edits.lastAt)
  }

  func names(_ register: Register) -> Bool { isWhole || registers & (1 << Int64(register.id)) != 0 }
}

extension Sealer {
  /// Puts an edit before headquarters, in this federation's home channel. Local columns are no part of it.
  ///
  /// - Returns: the key of the proposal; nil where it would be too large to travel, or where too many wait already.
  func propose(
    _ edit: ProposedEdit, _ table: KindTable, _ key: RecordKey, row: ShownRow?, to channel: Channel
  ) throws -> RecordKey? {
    let role = engine.identity.role
    guard !role.isHeadquarters, key.bytes.count <= WireLimits.keyBytes else { return nil }
    let waiting = try openProposals ?? engine.openProposals()
    openProposals = waiting
    guard waiting < StoreLimits.openProposalsPerNode else { return nil }
    let operation = row == nil ? "delete" : edit.isWhole ? "insert" : "edit"
    var cells: [Cell] = []
    var emptied: [String] = []
    for (index, field) in table.fields.enumerated() {
      guard let row, row.values.indices.contains(index) else { break }
      guard edit.names(table.registers[table.registerOfField[index]]) else { continue }
      if row.values[index].isNull { if !edit.isWhole { emptied.append(String(field.id)) } }
      cells.append(Cell(field: field.id, value: row.values[index]))
    }
    var writer = ByteWriter()
    StateCodec.encode(Content(cells), into: &writer)
    let size = cells.reduce(0) { if case .text(let text) = $1.value { $0 + text.count } else { $0 + 8 } }
    guard size <= Self.recordBytes else { return nil }
    let at = edit.at
    let proposed = ProposedTexts(
      kind: table.kind.name, key: key.display, channel: channel.description, operation: operation,
      values: Hex.string(writer.bytes), node: engine.identity.node.hex, emptied: emptied.joined(separator: ","))
    let id = proposed.id(at: at)
    let seen = try engine.frontier { $0 == channel }
    try seal(
      SystemKind.proposal, key: id, in: Channel(owner: role.federation, audience: .home), at: at,
      [
        ("kind", .text(proposed.kind)), ("key", .text(proposed.key)), ("channel", .text(proposed.channel)),
        ("operation", .text(proposed.operation)), ("values", .text(proposed.values)),
        ("seen", .text(NodeStatement.text(of: seen))), ("node", .text(proposed.node)),
        ("at", .integer(at)), ("emptied", emptied.isEmpty ? .null : .text(proposed.emptied)),
      ])
    // It is no change of a record that people know.
    report.changes -= 1
    openProposals = waiting + 1
    return id
  }

  /// Why an edit is not taken, and why it was not proposed where that is for their number.
  func reason(_ words: String, proposed: RecordKey?) -> String {
    let limit = StoreLimits.openProposalsPerNode
    guard proposed == nil, let openProposals, openProposals >= limit else { return words }
    return words
      + "; it was not put before headquarters, where \(limit) edits of this node wait already: type it again "
      + "when those are decided"
  }
}

extension Engine {
  /// Every proposal that is known here, the oldest first.
  func proposals() throws -> [Proposal] {
    try systemRecords(SystemKind.proposal) { $0.audience == .home }.compactMap { try proposal($0) }
      .sorted { ($0.at, $0.kind, $0.key, $0.id) < ($1.at, $1.kind, $1.key, $1.id) }
  }

  private func proposal(_ record: SystemRecord) throws -> Proposal? {
    let proposed = ProposedTexts(
      kind: record.text("kind"), key: record.text("key"), channel: record.text("channel"),
      operation: record.text("operation"), values: record.text("values"), node: record.text("node"),
      emptied: record.text("emptied"))
    let at = record["at"].integer ?? 0
    // Whoever proposed it can write over it: only what it is called by is what was put before headquarters.
    guard let channel = Channel(proposed.channel), let bytes = Hex.bytes(proposed.values),
      proposed.id(at: at) == record.key
    else { return nil }
    var reader = ByteReader(bytes, operation: "reading a proposal")
    // A member may write anything into its own channel; what is no proposal is put before nobody.
    guard let content = try? StateCodec.decodeContent(&reader) else { return nil }
    let table = catalog.kind(named: proposed.kind).flatMap { tables[$0.id] }
    let key = table.flatMap { RecordKey(written: proposed.key, columnCount: $0.kind.key.count) }
    let emptied = proposed.emptied.split(separator: ",").compactMap { Int($0) }
    let cells = content.cells + emptied.map { Cell(field: $0, value: .null) }
    let row = try table.flatMap { table in try key.flatMap { try self.row(table, $0) } }
    // Not what it says of itself.
    let node = record.state.heads(RegisterKey(20)).compactMap { streams.stream($0.clock.stream)?.origin.node }.first
    var found = Proposal(
      id: String(decoding: record.key.bytes, as: UTF8.self), kind: proposed.kind, key: proposed.key,
      channel: proposed.channel, operation: proposed.operation,
      values: cells.map { (field: table?.kind.field($0.field)?.name ?? "field \($0.field)", value: $0.value) },
      shown: [], node: node.map { name(of: $0) } ?? "?", federation: record.channel.owner,
      at: at, isOvertaken: false, decision: nil, decidedAt: nil, reason: "")
    if let table, let row {
      found.shown = cells.compactMap { cell in
        table.fieldIndex(id: cell.field).map { (field: table.fields[$0].name, value: row.values[$0]) }
      }
    }
    if let table, let key {
      found.isOvertaken = try isOvertaken(table, key, channel, NodeStatement.tips(in: record.text("seen")), cells)
    }
    if let decided = decision(in: record.state), let decision = Proposal.Decision(rawValue: decided.content[11].display)
    {
      found.decision = decision
      found.decidedAt = decided.content[12].integer
      found.reason = decided.content[13].display
    }
    return found
  }

  /// How many proposals of this node wait for headquarters' decision.
  fileprivate func openProposals() throws -> Int {
    let select = try connection.prepared("SELECT proposal FROM birlik_proposed WHERE told IS NULL")
    var keys: Set<RecordKey> = []
    while try select.step() { keys.insert(RecordKey(bytes: select.bytes(0))) }
    let home = Channel(owner: identity.role.federation, audience: .home)
    return try keys.count { try !isDecided($0, in: home) }
  }

  /// What headquarters decided last. Who may write the proposal may not decide it.
  private func decision(in state: RecordState) -> Head? {
    state.heads(RegisterKey(21)).filter { author(of: $0.clock).isHeadquarters && !$0.content.isEmpty }
      .max { precedes($0.clock, $1.clock) }
  }

  /// Whether headquarters decided a proposal.
  func isDecided(_ key: RecordKey, in channel: Channel) throws -> Bool {
    let number = try number(of: channel)
    let slots = try slots(kind: SystemKind.proposal.id, key: key) { [:] }
    return slots.first { $0.channel == number }.map { decision(in: $0.state) != nil } ?? false
  }

  /// Whether a head of the record is none that the proposer had heard of.
  private func isOvertaken(
    _ table: KindTable, _ key: RecordKey, _ channel: Channel, _ tips: [FrontierEntry], _ cells: [Cell]
  ) throws -> Bool {
    guard
      let slot = try slots(table, kind: table.kind.id, key: key).first(where: { channelNames[$0.channel] == channel })
    else { return false }
    var seen = VersionVector()
    var unknown: [Origin: Int64] = [:]
    for entry in tips where entry.channel == channel {
      if let position = try position(of: entry.tip.hash) {
        streams.join(position, into: &seen)
      } else {
        unknown[entry.tip.origin] = max(unknown[entry.tip.origin] ?? 0, entry.tip.sequence)
      }
    }
    // Of a stream whose end has not come, such as one that an observer may not send, the beginning was seen all the same.
    if !unknown.isEmpty {
      for (number, stream) in streams.streams.enumerated() where stream.channel == channel {
        guard let last = unknown[stream.origin], stream.tip.sequence < last else { continue }
        streams.join(Position(stream: number, sequence: stream.tip.sequence), into: &seen)
      }
    }
    let registers = Set(
      cells.compactMap { table.fieldIndex(id: $0.field).map { table.registers[table.registerOfField[$0]].id } })
    let keys = slot.state.knownRegisters.filter { registers.contains($0.id) }
    let clocks = keys.isEmpty ? Array(slot.state.edits) : keys.flatMap { slot.state.heads($0).map(\.clock) }
    return clocks.contains { !seen.covers($0) }
  }
}
