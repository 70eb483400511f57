import SyncCore
import TestSupport

/// Several stores, their clerks, and everything that may befall them, from one seed.
struct World {
  /// What may happen in a run; drawn anew for every seed, so that each fault is also seen alone.
  struct Faults {
    var clones = 0
    var restores = 0
    var loss = 0
    var detectsCopies = false
    /// Clerks that delete and insert whatever the row is: no tool would.
    var isWild = false
    /// Nodes that keep silent about what they saw and seal malformed changes: dishonest.
    var isDishonest = false

    init(_ random: inout SeededRandom, areHonest: Bool) {
      if random.chance(40) { clones = 14 }
      if random.chance(40) { restores = 14 }
      if random.chance(50) { loss = 40 }
      detectsCopies = random.chance(50)
      isWild = random.chance(30)
      isDishonest = !areHonest
    }
  }

  static let channels = [Channel(owner: "ftuu", audience: .home), Channel(owner: "kfik", audience: .open)]
  /// Every register that clerks write: lone fields, a group, and elements of two sets.
  static let registers = [
    RegisterKey(1), RegisterKey(2), RegisterKey(3), RegisterKey(4, element: Array("x".utf8)),
    RegisterKey(4, element: Array("ığ".utf8)), RegisterKey(5, element: []), RegisterKey(6),
  ]
  /// The same, and one that nobody writes.
  static let allRegisters = registers + [RegisterKey(60)]

  var random: SeededRandom
  let faults: Faults
  let rules: [RegisterID: MergeRule]
  private(set) var replicas: [Replica] = []
  private(set) var segments: [Digest: TestSegment] = [:]
  private var backups: [Replica] = []
  private let records: [RecordName]
  private var now: Int64 = 0

  init(seed: UInt64, areHonest: Bool = true) {
    random = SeededRandom(seed: seed)
    faults = Faults(&random, areHonest: areHonest)
    var rules: [RegisterID: MergeRule] = [:]
    for id in 1...6 { rules[RegisterID(id)] = random.pick(MergeRule.allCases) }
    self.rules = rules
    let names = [
      RecordName(kind: 1, key: RecordKey("ftuu-001")), RecordName(kind: 1, key: RecordKey("kfik-001")),
      RecordName(kind: 2, key: RecordKey("ftuu-001", "2026-09-30", "territorial")),
    ]
    records = Array(names.prefix(1 + random.below(3)))
    for number in 0..<(2 + random.below(3)) {
      replicas.append(Replica(origin: Origin(node: NodeID(high: 7, low: UInt64(number)), nonce: random.next())))
    }
  }

  /// Runs a number of steps.
  mutating func run(steps: Int) {
    for _ in 0..<steps {
      now += 1
      let number = random.below(replicas.count)
      if random.chance(15) { backups.append(replicas[number]) }
      if !backups.isEmpty, random.chance(faults.restores) {
        let backup = random.pick(backups)
        let target = replicas.firstIndex { $0.origin.node == backup.origin.node } ?? number
        replicas[target] = backup
      }
      if replicas.count < 6, random.chance(faults.clones) { replicas.append(replicas[number]) }
      if random.chance(60) { edit(number) } else { exchange(from: random.below(replicas.count), to: number) }
    }
  }

  /// A channel's records are always the same ones.
  private func channel(of record: RecordName) -> Channel { Self.channels[record.key.bytes.first == 0x66 ? 0 : 1] }

  /// A clerk writes, and the node seals.
  private mutating func edit(_ number: Int) {
    let channel = channel(of: random.pick(records))
    let known = records.filter { self.channel(of: $0) == channel }
    var changes: [Change] = []
    var living: [RecordName: Bool] = [:]
    for _ in 0...(random.chance(30) ? 1 + random.below(2) : 0) {
      let record = random.pick(known)
      let exists = living[record] ?? replicas[number].records[record]?.exists(.editWins) ?? false
      let change = change(of: record, exists: exists)
      living[record] = change.operation != .deletion
      changes.append(change)
    }
    let nonce = random.next()
    let forgotten = faults.isDishonest ? random.next() : 0
    let segment = replicas[number].seal(changes, in: channel, at: now, nonce: nonce) {
      ($0.hash.words.1 ^ forgotten) & 3 == 0 && forgotten != 0
    }
    segments[segment.hash] = segments[segment.hash] ?? segment
  }

  private mutating func change(of record: RecordName, exists: Bool) -> Change {
    var operation = Change.Operation.edit
    if faults.isWild {
      operation = random.pick([.insertion, .edit, .edit, .deletion])
    } else if !exists {
      operation = .insertion
    } else if random.chance(15) {
      operation = .deletion
    } else if random.chance(8) {
      operation = .insertion
    }
    var contents: [RegisterContent] = []
    switch operation {
    case .deletion: break
    case .insertion: for key in Self.registers where random.chance(60) { contents.append(content(key)) }
    case .edit:
      let start = random.below(Self.registers.count)
      for key in Self.registers[start...].prefix(1 + random.below(2)) { contents.append(content(key)) }
    }
    // What no honest node seals: an edit of nothing, a register twice, a deletion with values.
    if faults.isDishonest, random.chance(20) {
      contents = random.chance(40) ? [] : contents + [content(random.pick(Self.registers))]
    }
    return Change(
      kind: record.kind, key: record.key, operation: operation, registers: contents, captured: now,
      time: Int64(random.below(4)))
  }

  /// Few different values, so that heads often agree.
  private mutating func content(_ key: RegisterKey) -> RegisterContent {
    if key.element != nil {
      return RegisterContent(key, .element(of: FieldID(aloneIn: key.id), present: random.chance(60)))
    }
    if key.id == 3 {
      let cells = ([31, 32] as [FieldID]).map {
        Cell(field: $0, value: random.chance(70) ? .integer(Int64(random.below(3))) : .null)
      }
      return RegisterContent(key, Content(cells))
    }
    let value: Value = random.chance(20) ? .null : random.chance(50) ? .integer(Int64(random.below(3))) : .text("ş")
    return RegisterContent(key, Content([Cell(field: FieldID(aloneIn: key.id), value: value)]))
  }

  /// Some or all of what the sender holds, in any order, sometimes twice.
  private mutating func exchange(from sender: Int, to receiver: Int) {
    guard sender != receiver else { return }
    let source = replicas[sender]
    var lacking = source.log.filter { !replicas[receiver].holds($0.hash) }
    if faults.detectsCopies {
      let ofReceiver = lacking.contains { $0.header.origin == replicas[receiver].origin }
      if ofReceiver { replicas[receiver].adoptFreshOrigin(random.next()) }
    }
    if random.chance(faults.loss) { lacking = lacking.filter { _ in random.chance(60) } }
    lacking.shuffle(using: &random)
    replicas[receiver].take(lacking + lacking.prefix(1))
  }

  /// Some of the stores, with their own histories, after everything has come to them.
  mutating func settled(among count: Int) -> [Replica] {
    replicas.shuffled(using: &random).prefix(count).map { replica in
      var replica = replica
      replica.take(shuffledSegments())
      return replica
    }
  }

  /// All segments in some order; a few of them more than once.
  mutating func shuffledSegments() -> [TestSegment] {
    var all = segments.values.sorted { $0.hash < $1.hash }
    for _ in 0..<random.below(3) where !all.isEmpty { all.append(random.pick(all)) }
    all.shuffle(using: &random)
    return all
  }

  /// A store that starts empty and gets everything in some order and grouping.
  mutating func freshReplica() -> Replica {
    var replica = Replica(origin: Origin(node: NodeID(high: 9, low: 9), nonce: 9))
    var rest = shuffledSegments()[...]
    while !rest.isEmpty {
      let batch = rest.prefix(1 + random.below(5))
      rest = rest.dropFirst(batch.count)
      replica.take(Array(batch))
    }
    return replica
  }
}
