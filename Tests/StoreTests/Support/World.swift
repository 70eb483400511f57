import Foundation
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Headquarters, federations and offices with random clerks and everything that may befall their files, from one seed.
final class World {
  struct Faults {
    var restores = 0
    var clones = 0
    var loss = 0
    var shuffles = false
    var repeats = false
    var noticesRestoration = true
    var smallBatchs = false
    var upgrades = 0
    var decisions = 0
    /// Bodies of what headquarters holds are dropped.
    var drops = 0
    /// A node goes on from a snapshot, which headquarters takes while others work.
    var snapshots = 0
    /// Headquarters is put back from a backup, or begun again empty. Only where all keep their logs.
    var headquartersRestores = 0
    /// Clocks are off by up to ten years, and jump.
    var jumps = 0
  }

  let seed: UInt64
  let house: House
  let headquarters: TestNode
  private(set) var others: [TestNode]
  private(set) var faults = Faults()
  private(set) var clerk: Clerk
  private(set) var statements = 0
  private(set) var restored = 0
  private(set) var decided = 0
  private(set) var dropped = 0
  private(set) var snapshots = 0
  private(set) var headquartersRestored = 0
  private(set) var jumped = 0
  private var random: SeededRandom
  /// For what befalls the log alone, so that switching it off leaves everything else as it is.
  private var logDice: SeededRandom
  /// For what befalls headquarters and clocks, likewise.
  private var rareDice: SeededRandom
  /// How far the clock of each of `nodes` is off, in milliseconds.
  private var skews: [Int64] = [0, 0, 0, 0]
  private var headquartersBackups: [String] = []
  private var backups: [(node: Int, file: String)] = []
  private var clock: Int64 = House.start

  var nodes: [TestNode] { [headquarters] + others }

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
    logDice = SeededRandom(seed: ~seed)
    rareDice = SeededRandom(seed: seed ^ 0x5ca1_ab1e)
    house = try House()
    headquarters = try house.add("otuts")
    others = [try house.add("ftuu"), try house.add("ftuu", office: "Samarkand"), try house.add("fturk")]
    for node in [headquarters] + others { try node.hurry() }
    var manners = Clerk.Manners()
    manners.typesNonsense = random.chance(40)
    manners.oversteps = random.chance(40)
    manners.sharesKeys = random.chance(40)
    clerk = Clerk(federations: ["ftuu", "fturk", "otuts"], manners: manners)
    if random.chance(50) { faults.restores = 8 }
    if random.chance(40) { faults.clones = 6 }
    if random.chance(50) { faults.loss = 40 }
    faults.shuffles = random.chance(50)
    faults.repeats = random.chance(50)
    faults.noticesRestoration = random.chance(60)
    faults.smallBatchs = random.chance(50)
    if random.chance(40) { faults.upgrades = 10 }
    if random.chance(50) { faults.decisions = 35 }
    if logDice.chance(60) { faults.drops = 15 }
    if logDice.chance(60) { faults.snapshots = 8 }
    if faults.drops == 0, faults.snapshots == 0, rareDice.chance(80) { faults.headquartersRestores = 8 }
    if rareDice.chance(50) { faults.jumps = 12 }
    if faults.headquartersRestores > 0 { try backUpHeadquarters() }
  }

  /// Runs a number of steps.
  func run(steps: Int) throws {
    for _ in 0..<steps {
      clock += Int64(random.below(3))
      if rareDice.chance(faults.jumps) { jump() }
      for (number, node) in nodes.enumerated() {
        node.clock = clock + (node.role.isHeadquarters ? 0 : skews[number] + Int64(random.below(3) - 1))
      }
      let number = random.below(nodes.count)
      switch random.below(100) {
      case 0..<62: try edit(nodes[number])
      case 62..<76: try seal(nodes[number])
      default: try exchange(others[random.below(others.count)])
      }
      if random.chance(faults.upgrades) { try upgrade(nodes[number]) }
      if random.chance(faults.decisions) { try decide(nodes[number]) }
      if random.chance(10), number > 0 { try backUp(number - 1) }
      if logDice.chance(faults.drops) { try drop(others[logDice.below(others.count)]) }
      if logDice.chance(faults.snapshots) { try bringSnapshot(others[logDice.below(others.count)]) }
      if random.chance(faults.restores), let backup = backups.randomElement(using: &random) {
        try others[backup.node].restoreFile(from: backup.file, keepsState: random.chance(50))
        restored += 1
      }
      if faults.headquartersRestores > 0, rareDice.chance(10) { try backUpHeadquarters() }
      if rareDice.chance(faults.headquartersRestores) { try restoreHeadquarters() }
      if random.chance(faults.clones), others.count < 5, number > 0 {
        let clone = try house.clone(others[number - 1])
        try clone.hurry()
        others.append(clone)
        skews.append(skews[number])
      }
    }
  }

  private func backUpHeadquarters() throws {
    let file = house.folder.file("headquarters-\(headquartersBackups.count)")
    try headquarters.copyFile(to: file)
    headquartersBackups.append(file)
  }

  /// The first backup is of an empty headquarters.
  private func restoreHeadquarters() throws {
    let file = rareDice.pick(headquartersBackups)
    try headquarters.restoreFile(from: file, keepsState: rareDice.chance(50))
    headquartersRestored += 1
  }

  private func jump() {
    let number = 1 + rareDice.below(others.count)
    let scale: Int64 = rareDice.pick([60_000, 86_400_000, 31_557_600_000])
    skews[number] = Int64(rareDice.below(21) - 10) * scale
    jumped += 1
  }

  private func backUp(_ number: Int) throws {
    let file = house.folder.file("backup-\(backups.count)")
    try others[number].copyFile(to: file)
    backups.append((number, file))
  }

  private func edit(_ node: TestNode) throws {
    let catalog = try node.store.catalog()
    statements += try node.type((0...random.below(4)).map { _ in clerk.statement(node.role, catalog, &random) })
  }

  /// Headquarters goes over to the later catalog first.
  private func upgrade(_ node: TestNode) throws {
    let later = try House.later.get()
    guard try node.role.isHeadquarters || headquarters.store.catalog().version == later.catalog.version else { return }
    try node.store.adopt(later, now: node.clock ?? clock)
    try checkTotals(node)
  }

  /// Somebody decides a conflict.
  private func decide(_ node: TestNode) throws {
    try node.seal()
    let open = try node.store.conflicts().filter { $0.field != "(key)" && node.role.mayWrite($0) }
    guard !open.isEmpty else { return }
    let conflict = random.pick(open)
    var decision = Store.Decision.keep
    if let other = conflict.others.first, random.chance(60) { decision = .take(other.display) }
    do {
      try node.store.resolve(kind: conflict.kind, key: conflict.key, field: conflict.field, decision: decision)
      decided += 1
    } catch let error as StoreError where error.code == .invalid {
      // What is set once, or a value that nobody may type.
    }
    try checkTotals(node)
  }

  /// A node stops keeping the bodies of a part of the log.
  private func drop(_ node: TestNode) throws {
    let held = try headquarters.store.frontier(visibleTo: node.role)
    let until = logDice.chance(50) ? clock + 1 : clock - Int64(logDice.below(20))
    let before = try node.store.hasCaptured() ? nil : Tables(node)
    dropped += try node.store.dropBodies(sealedBefore: until, heldBy: held, now: node.clock ?? clock).segments
    if let before, let words = before.difference(try Tables(node)) {
      Issue.record("seed \(seed): dropping bodies at \(node.name) shows something else: \(words)")
    }
    try checkTotals(node)
  }

  /// A node goes on from a snapshot of headquarters.
  private func bringSnapshot(_ node: TestNode) throws {
    try Snapshots.carry(from: headquarters, to: node, pageBytes: logDice.chance(50) ? 150 : 100_000) { [self] in
      guard logDice.chance(40) else { return }
      try edit(nodes[logDice.below(nodes.count)])
      if logDice.chance(50) { try exchange(others[logDice.below(others.count)]) }
    }
    snapshots += 1
    try checkTotals(node)
    try checkTotals(headquarters)
  }

  /// Sealing shows what was typed.
  private func seal(_ node: TestNode) throws {
    let isPolite = !clerk.manners.typesNonsense && !clerk.manners.oversteps && !clerk.manners.sharesKeys
    let before = isPolite ? try Tables(node).rows : [:]
    // Headquarters seals as a whole, for its totals are exact in every transaction.
    if random.chance(30), !node.role.isHeadquarters {
      try node.sealInPasses(of: 1 + random.below(4))
    } else {
      try node.seal()
    }
    if isPolite {
      let after = try Tables(node).rows
      if before != after { Issue.record("seed \(seed): sealing at \(node.name) shows other rows than were typed") }
    }
    try checkTotals(node)
  }

  private func exchange(_ node: TestNode) throws {
    var options = Exchange.Options()
    options.noticesRestoration = faults.noticesRestoration
    if faults.smallBatchs { options.limit = Store.BatchLimit(bytes: 600, changes: 3) }
    var chaos = SeededRandom(seed: random.next())
    options.arriving = { [faults] segments in
      var segments = segments
      if faults.loss > 0, chaos.chance(faults.loss) { segments.removeLast(min(segments.count, 1 + chaos.below(2))) }
      if faults.shuffles { segments.shuffle(using: &chaos) }
      if faults.repeats { segments += segments.prefix(1) }
      return segments
    }
    if let number = others.firstIndex(where: { $0 === node }) { try node.store.setClockOffset(-skews[number + 1]) }
    try Exchange.round(node, headquarters, options)
    try checkTotals(node)
    try checkTotals(headquarters)
  }

  private func checkTotals(_ node: TestNode) throws {
    // Totals are of what is sealed.
    guard try !node.store.hasCaptured() else { return }
    if let words = try Recount.difference(node) { Issue.record("seed \(seed): totals of \(node.name): \(words)") }
  }

  /// Everything goes everywhere, and all agree.
  func settle(verifies: Bool) throws {
    clock += 10
    for node in nodes {
      node.clock = clock
      try node.store.setClockOffset(0)
    }
    if faults.upgrades > 0 { for node in nodes { try upgrade(node) } }
    try Exchange.settle(headquarters, others)
    let digests = try headquarters.store.channelDigests()
    for node in others {
      try expectEqual(headquarters, node, audiences: [.everyone], "seed \(seed):")
      for (channel, digest) in try node.store.channelDigests() where digests[channel] != digest {
        Issue.record("seed \(seed): heads of \(channel) differ between \(node.name) and headquarters")
      }
      for other in others where other !== node && other.role == node.role {
        try expectEqual(other, node, "seed \(seed):")
      }
    }
    for node in others {
      let held = try node.store.frontier(visibleTo: headquarters.role).map(\.channel)
      let strange = held.filter { !node.role.mayRead($0) }
      #expect(strange == [], "seed \(seed): \(node.name) holds what it may not read")
    }
    let oracle = try Oracle(headquarters)
    if let words = try oracle.difference(headquarters) { Issue.record("seed \(seed): \(words)") }
    if let words = try oracle.lostValue(headquarters) { Issue.record("seed \(seed): a value was lost: \(words)") }
    for node in nodes {
      try checkTotals(node)
      #expect(try node.store.status().waiting == 0, "seed \(seed): segments wait at \(node.name)")
      if verifies {
        let problems = try node.store.verify().problems
        #expect(problems == [], "seed \(seed): \(node.name)")
      }
    }
  }
}

extension NodeRole {
  fileprivate func mayWrite(_ conflict: ConflictView) -> Bool {
    isHeadquarters || conflict.federation.sameBytes(as: federation)
  }
}
