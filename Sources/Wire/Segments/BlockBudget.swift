import Limits
import SyncCore

/// What is left of a segment's limits while its blocks are sealed or read. Both sides use the same rules.
struct BlockBudget {
  var changes: Int
  var contentBytes = WireLimits.contentBytes
  var elements = WireLimits.elementsPerSegment

  init(changes: Int) { self.changes = changes }

  /// Subtracts a block from the budget, and checks that every node can read it and reads the same changes.
  ///
  /// - Throws: `WireError` with code `tooLarge` or `malformed`.
  mutating func spend(_ block: KindBlock, operation: String) throws(WireError) {
    if let problem = block.problem { throw WireError(.malformed, operation, problem) }
    changes -= block.count
    contentBytes -= block.contentBytes
    elements -= block.elementCount
    let excess: String? =
      if changes < 0 {
        "it holds more changes than it announces"
      } else if contentBytes < 0 {
        "its keys and texts take more than \(WireLimits.contentBytes) bytes"
      } else if elements < 0 {
        "it names more than \(WireLimits.elementsPerSegment) elements"
      } else {
        block.excess
      }
    if let excess { throw WireError(.tooLarge, operation, excess) }
  }
}

extension KindBlock {
  /// The bytes of all keys and texts, each counted as often as it occurs. A segment holds at most
  /// `WireLimits.contentBytes`; an author ends its segments well before.
  public var contentBytes: Int {
    let texts = columns.reduce(0) { $0 + $1.texts.contentBytes + $1.elements.contentBytes }
    return keys.reduce(texts) { $0 + $1.contentBytes }
  }

  /// How many elements of sets are named. A segment holds at most `WireLimits.elementsPerSegment`.
  public var elementCount: Int { columns.reduce(0) { $0 + $1.elements.count } }

  /// The limit that the block exceeds, as a clause; nil when it exceeds none.
  fileprivate var excess: String? {
    guard keys.count <= WireLimits.keyColumns, columns.count <= WireLimits.columnsPerKind else {
      return "kind \(kind) has too many columns"
    }
    for place in 0..<count where keys.reduce(0, { $0 + $1.length(place) }) > WireLimits.keyBytes {
      return "a key of kind \(kind) takes more than \(WireLimits.keyBytes) bytes"
    }
    for column in columns {
      for texts in [column.texts, column.elements] where texts.longest > WireLimits.cellBytes {
        return "a cell of kind \(kind) takes more than \(WireLimits.cellBytes) bytes"
      }
    }
    return nil
  }

  /// The rule that the block breaks, as a clause; nil when it breaks none.
  fileprivate var problem: String? {
    let ids = [kind.number] + columns.map(\.field.number) + columns.map(\.register.number)
    guard ids.allSatisfy((0...WireLimits.largestID).contains) else { return "an id is out of range" }
    guard count > 0, !keys.isEmpty, keys.allSatisfy({ $0.count == count }),
      columns.allSatisfy({ $0.states.count <= count })
    else { return "kind \(kind) has changes without a key, or more keys or values than changes" }
    if keys.contains(where: { $0.bytes.contains(RecordKey.separator) }) { return "a key holds a zero byte" }
    if Set(columns.map(\.field)).count < columns.count { return "a field has two columns" }
    if columns.contains(where: \.repeatsElement) { return "a change names an element twice" }
    return nil
  }
}

extension TextColumn {
  fileprivate var longest: Int { (0..<distinctCount).reduce(0) { Swift.max($0, range(distinct: $1).count) } }
}

extension FieldColumn {
  /// True when one change names an element twice.
  fileprivate var repeatsElement: Bool {
    var start = 0
    for count in elementCounts {
      let places = start..<(start + count)
      start += count
      let ascends = places.dropFirst().allSatisfy { elements[$0 - 1].lexicographicallyPrecedes(elements[$0]) }
      if !ascends, Set(places.map { elements[$0] }).count < count { return true }
    }
    return false
  }
}
