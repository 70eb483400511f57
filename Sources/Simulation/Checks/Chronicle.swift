import SyncCore

/// What really happened in a run: every segment ever sealed, every edit ever captured, and what broke a promise.
///
/// The stores under test write it and read nothing of it but the content of segments on their way.
final class Chronicle {
  /// One sealed change as the oracle sees it.
  struct Event {
    var segment: SealedSegment
    var index: Int
    /// Registers that it gave a value, by their number within the record.
    var touches: [(register: Int, content: Content)]

    var change: Change { segment.changes[index] }
  }

  let setting: Setting
  let canary: Canary?
  private(set) var segments: [SealedSegment] = []
  private var numbers: [Digest: Int] = [:]
  /// By record.
  private(set) var events: [[Event]]
  /// Every register that a record's changes ever named, by record.
  private(set) var registers: [[RegisterKey]]
  var roles: [NodeID: NodeRole] = [:]
  var coverage = Coverage()
  /// The first broken promise, in words.
  private(set) var problem: String?
  /// The true time, in milliseconds since 1970.
  var now = Setting.start
  private(set) var writeCount = 0
  /// When each edit was really typed, by its number.
  private(set) var writtenAt: [Int64] = []
  /// Captured edits that changed nothing that was shown, and those that their node may not seal.
  var changedNothing = Bitset()
  var refused = Bitset()
  /// Called with what happens, when a run is traced.
  var trace: ((String) -> Void)?

  init(_ setting: Setting, canary: Canary?) {
    self.setting = setting
    self.canary = canary
    events = Array(repeating: [], count: setting.records.count)
    registers = Array(repeating: [], count: setting.records.count)
    for place in setting.places { roles[place.id] = place.role }
  }

  func fail(_ words: @autoclosure () -> String) {
    guard problem == nil else { return }
    let words = words()
    problem = words
    trace?("  broken: \(words)")
  }

  /// A number for an edit that was captured.
  func write() -> Int {
    writeCount += 1
    writtenAt.append(now)
    return writeCount - 1
  }

  /// Adds a sealed segment. Two clones may seal the same one.
  func add(
    _ header: SegmentHeader, _ changes: [Change], records: [Int], author: NodeRole, truth: Bitset, writes: Bitset,
    typedAt: [Int64]
  ) -> SealedSegment {
    let hash = SealedSegment.hash(header, changes)
    if let number = numbers[hash] {
      segments[number].writes.formUnion(writes)
      return segments[number]
    }
    let segment = SealedSegment(
      number: segments.count, header: header, hash: hash, changes: changes, records: records, author: author,
      truth: truth, writes: writes, trueTime: now, typedAt: typedAt)
    numbers[hash] = segment.number
    segments.append(segment)
    for (index, change) in changes.enumerated() {
      let record = records[index]
      let touches = change.registers.map { (register: register($0.key, of: record), content: $0.content) }
      events[record].append(Event(segment: segment, index: index, touches: touches))
    }
    return segment
  }

  /// Adds that a sealed segment holds an edit.
  func addWrite(_ write: Int, to segment: SealedSegment) { segments[segment.number].writes.insert(write) }

  func segment(_ hash: Digest) -> SealedSegment? { numbers[hash].map { segments[$0] } }

  private func register(_ key: RegisterKey, of record: Int) -> Int {
    if let known = registers[record].firstIndex(of: key) { return known }
    registers[record].append(key)
    return registers[record].count - 1
  }
}
