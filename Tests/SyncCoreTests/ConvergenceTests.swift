import SyncCore
import TestSupport
import Testing

/// The merge is a function of the set of changes: 10,000 random worlds per run, and as many naive recounts.
@Suite struct ConvergenceTests {
  static let batches = 100
  static let casesPerBatch: UInt64 = 90

  @Test(
    "Any order, grouping and repetition of the same segments gives identical state, and the oracle's heads",
    arguments: 0..<batches)
  func convergesToTheOracle(batch: Int) {
    for number in 0..<Self.casesPerBatch {
      let seed = SeededRandom.firstSeed &+ UInt64(batch) * Self.casesPerBatch &+ number
      check(seed: seed, steps: 4 + Int(seed % 17))
    }
  }

  @Test("So it is over long histories with many forks", arguments: 0..<20)
  func convergesOverLongHistories(batch: Int) {
    for number in 0..<3 {
      check(seed: SeededRandom.firstSeed &+ 1_000_000 &+ UInt64(batch * 3 + number), steps: 60 + number * 20)
    }
  }

  /// Seen need not be transitive when nodes lie; state must be a function of the set of segments nevertheless.
  @Test("Dishonest contexts and malformed changes lead no two stores apart", arguments: 0..<20)
  func dishonestSegmentsConverge(batch: Int) {
    for number in 0..<60 {
      let seed = SeededRandom.firstSeed &+ 2_000_000 &+ UInt64(batch * 60 + number)
      var world = World(seed: seed, areHonest: false)
      world.run(steps: 6 + number % 15)
      checkEquality(&world, seed: seed)
    }
  }

  /// Without this the tests above could pass by never reaching the hard cases.
  @Test("The random worlds reach every hard case often")
  func reachesEveryHardCase() {
    var forks = 0
    var conflicts = 0
    var contested = 0
    var rowConflicts = 0
    var agreeing = 0
    var gone = 0
    var restoredBranches = 0
    for seed in 0..<300 as Range<UInt64> {
      var world = World(seed: seed)
      world.run(steps: 4 + Int(seed % 17))
      let replica = world.freshReplica()
      forks += replica.table.streams.count { $0.parent != nil }
      let firsts = replica.table.streams.filter { $0.parent == nil }
      restoredBranches += firsts.count - Set(firsts.map { "\($0.origin.hex)\($0.channel)" }).count
      for state in replica.records.values {
        if state.existenceIsContested { contested += 1 }
        if !state.hasLivingEdit { gone += 1 }
        if state.rows.count > 1 { rowConflicts += 1 }
        for heads in state.knownRegisters.map({ state.heads($0) }) where heads.count > 1 {
          if Set(heads.map(\.content)).count > 1 { conflicts += 1 } else { agreeing += 1 }
        }
      }
    }
    #expect(forks > 30)
    #expect(restoredBranches > 5)
    #expect(conflicts > 200)
    #expect(agreeing > 50)
    #expect(contested > 20)
    #expect(gone > 20)
    #expect(rowConflicts > 50)
  }

  private func check(seed: UInt64, steps: Int) {
    var world = World(seed: seed)
    world.run(steps: steps)
    // Two stores of up to six, other ones for every seed.
    for number in [Int(seed % 7), Int(seed % 7) + 1] {
      let replica = world.replicas[number % world.replicas.count]
      if let problem = Oracle(replica.log).disagreement(with: replica, registers: World.allRegisters) {
        Issue.record("seed \(seed), in the middle: \(problem)")
        return
      }
    }
    guard let settled = checkEquality(&world, seed: seed) else { return }
    let oracle = Oracle(Array(world.segments.values))
    if let problem = oracle.disagreement(with: settled, registers: World.allRegisters) {
      Issue.record("seed \(seed): \(problem)")
    }
  }

  @discardableResult
  private func checkEquality(_ world: inout World, seed: UInt64) -> Replica? {
    let fresh = world.freshReplica()
    guard fresh.waiting.isEmpty, fresh.contradictions.isEmpty, fresh.log.count == world.segments.count else {
      Issue.record("seed \(seed): \(fresh.waiting.count) segments wait, \(fresh.contradictions)")
      return nil
    }
    let expected = Canonical(fresh, rules: world.rules)
    let settled = world.settled(among: 3)
    for replica in settled + [world.freshReplica()] {
      guard replica.log.count == world.segments.count, Canonical(replica, rules: world.rules) == expected else {
        Issue.record("seed \(seed): two stores differ")
        return nil
      }
    }
    return fresh
  }
}
