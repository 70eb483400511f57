import SyncCore
import Wire

@testable import Store

/// What the log means, worked out naively from the bytes of its segments: a few definitions, no code of the store's.
struct Oracle {
  /// A change with its segment.
  struct Event {
    var change: Change
    var channel: Channel
    var origin: Origin
    var sequence: Int64
    var segment: Digest
    var place: Int

    var name: String { "\(origin.hex)/\(sequence)/\(segment.hex)" }
  }

  struct Record: Hashable {
    var kind: KindID
    var key: RecordKey
    var channel: Channel
  }

  private(set) var events: [Record: [Event]] = [:]
  private var ancestors: [Digest: Set<Digest>] = [:]

  init(_ node: TestNode) throws {
    let all = try node.log().map { try Segment(bytes: $0) }
    for segment in all {
      let parents = [segment.header.predecessor].filter { $0 != .zero } + segment.header.context.map(\.hash)
      var known = Set(parents)
      for parent in parents { known.formUnion(ancestors[parent] ?? []) }
      ancestors[segment.hash] = known
      var place = 0
      for block in try segment.blocks() {
        for change in block.changes {
          let record = Record(kind: change.kind, key: change.key, channel: segment.header.channel)
          events[record, default: []].append(
            Event(
              change: change, channel: segment.header.channel, origin: segment.header.origin,
              sequence: segment.header.first + Int64(place), segment: segment.hash, place: place))
          place += 1
        }
      }
    }
  }

  func hasSeen(_ later: Event, _ earlier: Event) -> Bool {
    later.segment == earlier.segment
      ? later.place > earlier.place : ancestors[later.segment]?.contains(earlier.segment) ?? false
  }

  /// The changes of a register that no other change of it has seen.
  func heads(_ record: Record, _ register: RegisterKey) -> [(event: Event, content: Content)] {
    let touching = (events[record] ?? []).compactMap { event -> (event: Event, content: Content)? in
      if event.change.operation == .deletion { return nil }
      if let named = event.change.registers.first(where: { $0.key == register }) { return (event, named.content) }
      return event.change.operation == .insertion ? (event, .empty) : nil
    }
    return touching.filter { head in !touching.contains { hasSeen($0.event, head.event) } }
  }

  /// The deletions that no other change of the record has seen.
  func deletions(_ record: Record) -> [Event] {
    let all = events[record] ?? []
    return all.filter { event in event.change.operation == .deletion && !all.contains { hasSeen($0, event) } }
  }

  /// Whether the record has an edit that no current deletion has seen.
  func exists(_ record: Record) -> Bool {
    let deletions = deletions(record)
    return (events[record] ?? []).contains { event in
      event.change.operation != .deletion && !deletions.contains { hasSeen($0, event) }
    }
  }

  func registers(_ record: Record) -> Set<RegisterKey> {
    Set((events[record] ?? []).flatMap { $0.change.registers.map(\.key) })
  }

  /// Where a node's heads and conflicts are not these; nil when nowhere.
  func difference(_ node: TestNode) throws -> String? {
    let kept = try node.heads()
    let missing = Set(events.keys).subtracting(kept.map(\.record))
    if let record = missing.first { return "nothing is kept of \(record)" }
    return try node.withClockNames { name in
      for (record, state) in kept {
        if let words = difference(record, state, name) { return words }
      }
      return nil
    }
  }

  private func difference(_ record: Record, _ state: RecordState, _ name: (Clock) -> String) -> String? {
    let words = "\(record.kind) \(record.key.display) in \(record.channel)"
    guard state.hasLivingEdit == exists(record) else { return "\(words): alive is \(state.hasLivingEdit)" }
    guard Set(state.deletions.map { name($0.clock) }) == Set(deletions(record).map(\.name)) else {
      return "\(words): other deletions"
    }
    for register in registers(record).union(state.knownRegisters) {
      let mine = Set(state.heads(register).map { "\(name($0.clock)) \($0.content.cells)" })
      let theirs = Set(heads(record, register).map { "\($0.event.name) \($0.content.cells)" })
      if mine != theirs { return "\(words) register \(register): kept \(mine), the log says \(theirs)" }
    }
    return nil
  }

  /// A value that lost and cannot be read in any conflict; nil when there is none.
  func lostValue(_ node: TestNode) throws -> String? {
    let catalog = try node.store.catalog()
    let conflicts = try node.store.conflicts()
    for record in events.keys where exists(record) {
      guard let kind = catalog.kind(record.kind) else { continue }
      for register in kind.registers where !register.isSet {
        let contents = Set(heads(record, RegisterKey(register.id)).map(\.content))
        guard contents.count > 1 else { continue }
        let view = conflicts.first {
          $0.kind == kind.name && $0.key == record.key.display && $0.field == register.name
            && $0.federation == record.channel.owner
        }
        let readable = Set(
          ([view?.shown].compactMap { $0 } + (view?.others ?? [])).map { value in
            Content(value.cells.map { cell in Cell(field: kind.field(named: cell.field)?.id ?? 0, value: cell.value) })
          })
        if !readable.isSuperset(of: contents) {
          return "\(kind.name) \(record.key.display) \(register.name): \(contents.subtracting(readable))"
        }
      }
    }
    return nil
  }
}
