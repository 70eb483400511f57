import SyncCore
import Wire

/// Finds among changes that leave those that write a derived total over what another node counted or typed.
struct ReplacedFigures {
  /// What derivations write of a kind, and the records of it that leave.
  private struct Target {
    let table: KindTable
    var registers: Set<RegisterID> = []
    var records: Set<RecordKey> = []
  }

  /// By the kind's name.
  private var targets: [String: Target] = [:]
  private var leaving: Set<Place> = []

  private struct Place: Hashable {
    var origin: String
    var channel: Channel
    var sequence: Int64
  }

  init(_ transaction: Transaction) throws {
    for derivation in transaction.catalog.derivations {
      guard let kind = transaction.catalog.kind(named: derivation.target), let table = transaction.table(kind.id) else {
        continue
      }
      let fields = derivation.measures.map(\.field) + derivation.marks.map(\.field) + [derivation.withheldField]
      for place in fields.compactMap({ table.fieldIndex(named: $0) }) {
        targets[kind.name, default: Target(table: table)].registers
          .insert(table.registers[table.registerOfField[place]].id)
      }
    }
  }

  /// Adds one change that leaves.
  mutating func add(_ change: EgressChange) {
    guard let kind = targets[change.kind]?.table.kind,
      let key = RecordKey(written: change.key, columnCount: kind.key.count)
    else { return }
    targets[change.kind]?.records.insert(key)
    leaving.insert(Place(origin: change.entry.origin, channel: change.channel, sequence: change.entry.sequence))
  }

  /// What the log tells of them, in order of kind and key.
  func found(_ transaction: Transaction) throws -> [EgressSummary.Replaced] {
    var found: [EgressSummary.Replaced] = []
    let leavingOf = targets.values.filter { !$0.records.isEmpty }.sorted { $0.table.kind.id < $1.table.kind.id }
    for target in leavingOf {
      let kind = target.table.kind
      // In the order of the log, which is causal: who gave the figures last before what leaves.
      var others: [RecordKey: NodeID] = [:]
      var replaced: [RecordKey: NodeID] = [:]
      try transaction.log.eachChange(kind: kind.id, keys: target.records) { logged in
        let change = logged.change
        guard let stream = transaction.log.streams.stream(logged.clock.stream),
          change.operation == .insertion || change.registers.contains(where: { target.registers.contains($0.key.id) })
        else { return }
        let node = stream.origin.node
        guard transaction.directory.isOwn(node) else { return others[change.key] = node }
        let place = Place(origin: stream.origin.hex, channel: stream.channel, sequence: logged.clock.sequence)
        if leaving.contains(place), let other = others[change.key] { replaced[change.key] = other }
        others[change.key] = nil
      }
      found += replaced.sorted { $0.key < $1.key }.map {
        EgressSummary.Replaced(kind: kind.name, key: $0.key.display, node: transaction.directory.name(of: $0.value))
      }
    }
    return found
  }
}
