import SyncCore
import Wire

/// Reads proposals from the log.
struct ProposalReader {
  private let transaction: Transaction
  private let systemRecords: SystemRecords

  init(_ transaction: Transaction) {
    self.transaction = transaction
    systemRecords = SystemRecords(transaction.heads, transaction.directory, transaction.facts)
  }

  /// Every proposal that is known here, the oldest first.
  func all() throws -> [Proposal] {
    try systemRecords.all(SystemKind.proposal) { $0.audience == .home }.compactMap { try proposal($0) }
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
    let table = transaction.catalog.kind(named: proposed.kind).flatMap { transaction.table($0.id) }
    let key = table.flatMap { RecordKey(written: proposed.key, columnCount: $0.kind.key.count) }
    let emptied = proposed.emptied.split(separator: ",").compactMap { Int($0) }
    let cells = content.cells + emptied.map { Cell(field: FieldID($0), value: .null) }
    let row = try table.flatMap { table in try key.flatMap { try transaction.rows.row(table, $0) } }
    // Not what it says of itself.
    let node = record.state.heads(RegisterKey(SystemKind.editRegister)).compactMap {
      transaction.log.streams.stream($0.clock.stream)?.origin.node
    }.first
    var found = Proposal(
      id: String(decoding: record.key.bytes, as: UTF8.self), kind: proposed.kind, key: proposed.key,
      channel: proposed.channel, operation: RefusedView.Operation(rawValue: proposed.operation) ?? .edit,
      values: cells.map { (field: table?.kind.field($0.field)?.name ?? "field \($0.field)", value: $0.value) },
      shown: [], node: node.map { transaction.directory.name(of: $0) } ?? "?", federation: record.channel.owner,
      at: at, isOvertaken: false, decision: nil, decidedAt: nil, reason: "")
    found.amountsNow = Amounts(table?.kind) { name in row.flatMap { table?.value(named: name, in: $0) } }
    found.amounts = found.amountsNow.replaced(table?.kind, found.values)
    if let table, let row {
      found.shown = cells.compactMap { cell in
        table.fieldIndex(id: cell.field).map { (field: table.fields[$0].name, value: row.values[$0]) }
      }
    }
    if let table, let key {
      found.isOvertaken = try isOvertaken(table, key, channel, NodeStatement.tips(in: record.text("seen")), cells)
    }
    if let decided = try decision(in: record.state),
      let decision = Proposal.Decision(rawValue: decided.content[11].display)
    {
      found.decision = decision
      found.decidedAt = decided.content[12].integer
      found.reason = decided.content[13].display
    }
    return found
  }

  /// How many proposals of this node wait for headquarters' decision.
  func openCount() throws -> Int {
    let home = Channel(owner: transaction.identity.role.federation, audience: .home)
    return try transaction.inbox.openProposals().count { try !isDecided($0, in: home) }
  }

  /// What headquarters decided last. Who may write the proposal may not decide it.
  private func decision(in state: RecordState) throws -> Head? {
    let heads = state.heads(RegisterKey(SystemKind.decisionRegister)).filter {
      transaction.facts.author(of: $0.clock).isHeadquarters && !$0.content.isEmpty
    }
    return try transaction.facts.latestFirst(heads, \.clock).first
  }

  /// Whether headquarters decided a proposal.
  func isDecided(_ key: RecordKey, in channel: Channel) throws -> Bool {
    guard let number = transaction.directory.number(of: channel) else { return false }
    let slots = try transaction.records.slots(SystemKind.proposal.id, key)
    return try slots[number].map { try decision(in: $0) != nil } ?? false
  }

  /// Whether a head of the record is none that the proposer had heard of.
  private func isOvertaken(
    _ table: KindTable, _ key: RecordKey, _ channel: Channel, _ tips: [FrontierEntry], _ cells: [Cell]
  ) throws -> Bool {
    guard
      let state = try transaction.directory.number(of: channel).flatMap({
        try transaction.records.slots(table, key)[$0]
      })
    else { return false }
    var seen = VersionVector()
    var unknown: [Origin: Int64] = [:]
    for entry in tips where entry.channel == channel {
      if let position = try transaction.log.position(of: entry.tip.hash) {
        transaction.log.streams.join(position, into: &seen)
      } else {
        unknown[entry.tip.origin] = max(unknown[entry.tip.origin] ?? 0, entry.tip.sequence)
      }
    }
    // Of a stream whose end has not come, such as one that an observer may not send, the beginning was seen all the same.
    if !unknown.isEmpty {
      for (number, stream) in transaction.log.streams.numbered where stream.channel == channel {
        guard let last = unknown[stream.origin], stream.tip.sequence < last else { continue }
        transaction.log.streams.join(Position(stream: number, sequence: stream.tip.sequence), into: &seen)
      }
    }
    let registers = Set(
      cells.compactMap { table.fieldIndex(id: $0.field).map { table.registers[table.registerOfField[$0]].id } })
    let keys = state.knownRegisters.filter { registers.contains($0.id) }
    let clocks = keys.isEmpty ? Array(state.edits) : keys.flatMap { state.heads($0).map(\.clock) }
    return clocks.contains { !seen.covers($0) }
  }
}
