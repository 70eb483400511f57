import SyncCore
import Wire

/// Finds among changes that leave those that write a derived total over what another node counted or typed.
struct ReplacedFigures {
  /// For each kind that derivations write the registers that they write.
  private var registers: [Int: Set<Int>] = [:]
  /// The records that leave, by kind, and the changes of them.
  private var records: [Int: Set<RecordKey>] = [:]
  private var leaving: Set<Place> = []

  private struct Place: Hashable {
    var origin: String
    var channel: Channel
    var sequence: Int64
  }

  init(_ engine: Engine) throws {
    for derivation in engine.catalog.derivations {
      guard let kind = engine.catalog.kind(named: derivation.target), let table = engine.tables[kind.id] else {
        continue
      }
      let fields = derivation.measures.map(\.field) + derivation.marks.map(\.field) + [derivation.withheldField]
      for place in fields.compactMap({ table.fieldIndex(named: $0) }) {
        registers[kind.id, default: []].insert(table.registers[table.registerOfField[place]].id)
      }
    }
    for kind in registers.keys { kinds[engine.tables[kind]?.kind.name ?? ""] = (kind, engine.tables[kind]) }
  }

  private var kinds: [String: (id: Int, table: KindTable?)] = [:]

  /// Takes note of one change that leaves.
  mutating func note(_ change: EgressChange) {
    guard let (id, table) = kinds[change.kind], let table,
      let key = RecordKey(written: change.key, columnCount: table.kind.key.count)
    else { return }
    records[id, default: []].insert(key)
    leaving.insert(Place(origin: change.entry.origin, channel: change.channel, sequence: change.entry.sequence))
  }

  /// What the log tells of them, in order of kind and key.
  func found(_ engine: Engine) throws -> [EgressSummary.Replaced] {
    var found: [EgressSummary.Replaced] = []
    for (kind, keys) in records.sorted(by: { $0.key < $1.key }) {
      guard let table = engine.tables[kind], let written = registers[kind] else { continue }
      // In the order of the log, which is causal: who gave the figures last before what leaves.
      var others: [RecordKey: NodeID] = [:]
      var replaced: [RecordKey: NodeID] = [:]
      try engine.eachChange(kind: kind, keys: keys) { logged in
        let change = logged.change
        guard let stream = engine.streams.stream(logged.clock.stream),
          change.operation == .insertion || change.registers.contains(where: { written.contains($0.key.id) })
        else { return }
        let node = stream.origin.node
        guard engine.isOwn(node) else { return others[change.key] = node }
        let place = Place(origin: stream.origin.hex, channel: stream.channel, sequence: logged.clock.sequence)
        if leaving.contains(place), let other = others[change.key] { replaced[change.key] = other }
        others[change.key] = nil
      }
      found += replaced.sorted { $0.key < $1.key }.map {
        EgressSummary.Replaced(kind: table.kind.name, key: $0.key.display, node: engine.name(of: $0.value))
      }
    }
    return found
  }
}
