import SyncCore

/// The truth, naively: it knows what each author's store really held when it sealed, and shares no code with the engine.
///
/// An insertion is a change of every register and of existence; an edit is one of its registers and of existence; a
/// deletion is one of existence alone. A head is a change that no other known change of the same thing has seen.
struct Oracle {
  typealias Event = Chronicle.Event

  /// What is known of a record in one channel.
  struct Record {
    var channel: Channel
    /// By register, as `Chronicle.registers` numbers them: the heads with what they say.
    var heads: [[(event: Event, content: Content)]]
    /// Heads of what no change ever named: the whole rows that stand.
    var rows: [Event]
    var deletions: [Event]
    var isLiving: Bool
  }

  static func saw(_ a: Event, _ b: Event) -> Bool {
    a.segment === b.segment ? b.index < a.index : a.segment.truth.contains(b.segment.number)
  }

  private static func unseen<Item>(_ items: [Item], _ event: (Item) -> Event) -> [Item] {
    guard items.count > 1 else { return items }
    return items.filter { item in !items.contains { saw(event($0), event(item)) } }
  }

  /// What a store that holds the segments `known` has to know of a record, by channel.
  static func records(_ number: Int, known: Bitset, _ chronicle: Chronicle) -> [Record] {
    let all = chronicle.events[number].filter { known.contains($0.segment.number) }
    var channels: [Channel] = []
    for event in all where !channels.contains(event.segment.header.channel) {
      channels.append(event.segment.header.channel)
    }
    return channels.sorted().map { channel in
      record(all.filter { $0.segment.header.channel == channel }, channel, chronicle.registers[number].count)
    }
  }

  private static func record(_ events: [Event], _ channel: Channel, _ registerCount: Int) -> Record {
    var touching: [[(event: Event, content: Content)]] = Array(repeating: [], count: registerCount)
    var insertions: [Event] = []
    for event in events {
      var named = Array(repeating: false, count: event.change.operation == .insertion ? registerCount : 0)
      for touch in event.touches {
        touching[touch.register].append((event, touch.content))
        if !named.isEmpty { named[touch.register] = true }
      }
      guard event.change.operation == .insertion else { continue }
      insertions.append(event)
      for register in 0..<registerCount where !named[register] { touching[register].append((event, .empty)) }
    }
    let existence = unseen(events) { $0 }
    return Record(
      channel: channel, heads: touching.map { unseen($0) { $0.event } }, rows: unseen(insertions) { $0 },
      deletions: existence.filter { $0.change.operation == .deletion },
      isLiving: existence.contains { $0.change.operation != .deletion })
  }

  // MARK: What is shown

  /// Time, origin, sequence, hash.
  static func precedes(_ a: Event, _ b: Event) -> Bool {
    if a.change.time != b.change.time { return a.change.time < b.change.time }
    let x = a.segment.header
    let y = b.segment.header
    if x.origin != y.origin { return x.origin < y.origin }
    let left = x.first + Int64(a.index)
    let right = y.first + Int64(b.index)
    return left != right ? left < right : a.segment.hash < b.segment.hash
  }

  /// The shown content of a register and whether its heads contradict each other.
  static func choose(
    _ heads: [(event: Event, content: Content)], _ rule: MergeRule, isValid: (Content) -> Bool
  ) -> (shown: Content?, isConflict: Bool) {
    if heads.count == 1 { return (isValid(heads[0].content) ? heads[0].content : nil, false) }
    let latestFirst = heads.sorted { precedes($1.event, $0.event) }
    let valid = latestFirst.filter { isValid($0.content) }
    let isBy = { (role: (NodeRole, Channel) -> Bool) in
      valid.first { role($0.event.segment.author, $0.event.segment.header.channel) } ?? valid.first
    }
    var shown: (event: Event, content: Content)?
    switch rule {
    case .latest, .review, .frozen: shown = valid.first
    case .owner: shown = isBy { $0.federation == $1.owner }
    case .headquarters: shown = isBy { role, _ in role.isHeadquarters }
    case .max: shown = extreme(valid) { $0 < $1 } ?? valid.first
    case .min: shown = extreme(valid) { $1 < $0 } ?? valid.first
    case .union: shown = valid.first { !$0.content.isEmpty } ?? valid.first
    }
    let standard = shown?.content ?? heads.first?.content
    return (shown?.content, heads.contains { $0.content != standard })
  }

  /// The first head whose value none exceeds.
  private static func extreme(
    _ heads: [(event: Event, content: Content)], isLess: (Value, Value) -> Bool
  ) -> (event: Event, content: Content)? {
    let given = heads.compactMap { head in head.content.cells.first.map { (head: head, value: $0.value) } }
    return given.first { item in given.allSatisfy { !isLess(item.value, $0.value) } }?.head
  }

  /// The earliest whole row, else the earliest edit.
  static func created(_ record: Record) -> Event? {
    let candidates = record.rows.isEmpty ? record.heads.flatMap { $0.map(\.event) } : record.rows
    return candidates.min { precedes($0, $1) }
  }
}
