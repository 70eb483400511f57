import SyncCore
import TestSupport
import Testing

/// What a side sends, from nothing but what the other shows: it always ends in sync, however both came to differ.
@Suite struct ExchangePlanTests {
  private let home = World.channels[0]
  private let open = World.channels[1]

  private func edit(_ number: Int64 = 1) -> Change {
    Change(
      kind: 1, key: RecordKey("a"), operation: .edit, registers: [RegisterContent(RegisterKey(1), content(number))],
      captured: 0, time: 0)
  }

  /// A store that sealed this many segments of one change.
  private func replica(_ count: Int, _ number: UInt64 = 1) -> Replica {
    var replica = Replica(origin: origin(number))
    for step in 0..<count { seal(&replica, Int64(step)) }
    return replica
  }

  /// Seals under the same origin, whatever others do.
  private func seal(_ replica: inout Replica, _ number: Int64) {
    _ = replica.seal([edit(number)], in: home, at: number, nonce: 1)
  }

  private func frontier(_ replica: Replica) -> [FrontierEntry] { replica.table.frontier { _ in true } }

  private func plan(
    _ replica: Replica, _ frontier: [FrontierEntry], marks: [FrontierMark] = []
  ) -> ExchangePlan {
    ExchangePlan(replica.table, peer: frontier, marks: marks) { replica.positions[$0] }
  }

  private func worlds(_ seeds: Range<UInt64>, _ body: (_ seed: UInt64, _ world: World) -> Void) {
    for number in seeds {
      let seed = SeededRandom.firstSeed &+ 5_000_000 &+ number
      var world = World(seed: seed)
      world.run(steps: 4 + Int(seed % 40))
      body(seed, world)
    }
  }

  // MARK: One plan

  @Test("An empty peer lacks everything, a peer with the tip nothing, one behind what came after")
  func simplePeers() {
    let store = replica(5)
    let whole = frontier(store)
    #expect(plan(store, []).lacks(0, of: store.table) == 0)
    #expect(plan(store, whole).lacks(0, of: store.table) == nil)
    #expect(plan(store, frontier(replica(3))).lacks(0, of: store.table) == 3)
    #expect(plan(store, []).unknown.isEmpty && plan(store, []).unclear.isEmpty)
    for number in [-1, 1, StreamNumber(Int.max), StreamNumber(Int.min)] as [StreamNumber] {
      #expect(plan(store, []).lacks(number, of: store.table) == nil)
    }
  }

  @Test("A peer with a later tip is taken to be ahead until its marks show otherwise")
  func aheadOrForked() {
    var ahead = replica(5)
    let stem = ahead
    seal(&ahead, 100)
    seal(&ahead, 101)
    let first = plan(stem, frontier(ahead))
    #expect(first.unclear == [0] && first.lacks(0, of: stem.table) == nil && first.unknown == frontier(ahead))
    let mark = frontier(stem)[0]
    let held = plan(stem, frontier(ahead), marks: [FrontierMark(entry: mark, isHeld: true)])
    #expect(held.unclear.isEmpty && held.lacks(0, of: stem.table) == nil)
    let missing = plan(stem, frontier(ahead), marks: [FrontierMark(entry: mark, isHeld: false)])
    #expect(missing.unclear.isEmpty && missing.lacks(0, of: stem.table) == 0)
  }

  @Test("A peer whose unknown tip is no later has another branch, which waits for nothing")
  func forked() {
    var left = replica(5)
    var right = left
    seal(&left, 100)
    seal(&right, 200)
    for (mine, theirs) in [(left, right), (right, left)] {
      let plan = plan(mine, frontier(theirs))
      #expect(plan.unclear.isEmpty && plan.lacks(0, of: mine.table) == 0)
      #expect(plan.unknown == frontier(theirs))
    }
    // Ends shown beside the tip give the place where the stem was left.
    let stem = FrontierEntry(channel: home, tip: Tip(origin: left.origin, sequence: 4, hash: left.log[3].hash))
    #expect(plan(left, frontier(right) + [stem]).lacks(0, of: left.table) == 4)
    #expect(plan(left, frontier(right), marks: [FrontierMark(entry: stem, isHeld: true)]).lacks(0, of: left.table) == 4)
    #expect(
      plan(left, frontier(right), marks: [FrontierMark(entry: stem, isHeld: false)]).lacks(0, of: left.table) == 0)
  }

  @Test("A peer that shows a branch has its stem, and lacks the other branch alone")
  func branches() {
    var store = replica(5)
    var other = store
    seal(&store, 100)
    seal(&other, 200)
    store.take(other.log)
    #expect(store.table.streams.map(\.parent) == [nil, Position(stream: 0, sequence: 5)])
    let toOther = plan(store, frontier(other))
    #expect(toOther.lacks(0, of: store.table) == 5 && toOther.lacks(1, of: store.table) == nil)
    let toStem = plan(store, frontier(replica(5)))
    #expect(toStem.lacks(0, of: store.table) == 5 && toStem.lacks(1, of: store.table) == 0)
    #expect(toOther.unknown.isEmpty && toOther.unclear.isEmpty)
  }

  @Test("Other origins and other channels make nothing unclear")
  func strangers() {
    let store = replica(3)
    let later = Tip(origin: origin(1), sequence: 9, hash: Digest(1, 2, 3, 4))
    for entry in [
      FrontierEntry(channel: open, tip: later),
      FrontierEntry(channel: home, tip: Tip(origin: origin(2), sequence: 9, hash: later.hash)),
      FrontierEntry(channel: home, tip: Tip(origin: origin(1, nonce: 4), sequence: 9, hash: later.hash)),
    ] {
      let plan = plan(store, [entry])
      #expect(plan.unclear.isEmpty && plan.unknown == [entry] && plan.lacks(0, of: store.table) == 0)
    }
    #expect(plan(store, [FrontierEntry(channel: home, tip: later)]).unclear == [0])
  }

  @Test("What a peer invents traps nowhere and hides nothing but that stream")
  func inventedFrontiers() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 6)
    var store = replica(4)
    store.take(replica(4, 2).log)
    let real = frontier(store)
    for _ in 0..<500 {
      let invented = (0..<random.below(20)).map { _ in
        let hash = random.chance(30) ? random.pick(store.log).hash : Digest(random.next(), 0, 0, 0)
        let tip = Tip(
          origin: random.pick([origin(1), origin(2), origin(3)]),
          sequence: random.pick([Int64.min, -1, 0, 1, 9, .max]),
          hash: hash)
        return FrontierEntry(channel: random.pick([home, open]), tip: tip)
      }
      let plan = plan(store, invented, marks: real.map { FrontierMark(entry: $0, isHeld: random.chance(50)) })
      for (number, _) in store.table.numbered {
        if let from = plan.lacks(number, of: store.table) { #expect((0..<4).contains(from)) }
      }
    }
  }

  @Test("The ends of what went over: one for every run, none that another continues")
  func ends() {
    var store = replica(3)
    var other = store
    seal(&store, 100)
    seal(&other, 200)
    let stem = store.log.prefix(3).map { ($0.header, $0.hash) }
    let left = (store.log[3].header, store.log[3].hash)
    let right = (other.log[3].header, other.log[3].hash)
    let tips = frontier(other)
    var ends = ExchangePlan.ends([], continuedBy: Array(stem.prefix(2)), of: tips)
    #expect(ends.map(\.tip.sequence) == [2])
    ends = ExchangePlan.ends(ends, continuedBy: [stem[2], left], of: tips)
    #expect(ends == frontier(store))
    ends = ExchangePlan.ends(ends, continuedBy: [right], of: tips)
    #expect(ends == (frontier(store) + frontier(other)).sorted())
    #expect(ExchangePlan.ends(ends, continuedBy: [], of: tips) == ends)
    #expect(ExchangePlan.ends(ends, continuedBy: [], of: []).isEmpty)
    let elsewhere = tips.map { FrontierEntry(channel: open, tip: $0.tip) } + frontier(replica(1, 2))
    #expect(ExchangePlan.ends(ends, continuedBy: stem, of: elsewhere).isEmpty)
  }

  // MARK: Whole syncs

  @Test("Any two stores that came to differ are in sync after one sync, of bounded length", arguments: 0..<20)
  func anyTwoStores(batch: UInt64) {
    worlds(batch * 40..<batch * 40 + 40) { seed, world in
      var random = SeededRandom(seed: seed)
      var (node, hub) = (random.pick(world.replicas), random.pick(world.replicas))
      var talk = Talk(limit: 1 + random.below(12), random: random)
      if random.chance(30) {
        let readable = random.pick(World.channels)
        talk.isVisible = { $0 == readable }
      }
      let total = node.log.count + hub.log.count
      let outcome = talk.sync(&node, with: &hub)
      if !outcome.isEven { Issue.record("seed \(seed): stuck, \(talk.difference(node, hub) ?? "but the same")") }
      if outcome.rounds > 5 + (total + talk.limit - 1) / talk.limit {
        Issue.record("seed \(seed): \(outcome.rounds) rounds for \(total) segments in batches of \(talk.limit)")
      }
      if !talk.problems.isEmpty { Issue.record("seed \(seed): \(talk.problems)") }
      // Once in sync, one round confirms it.
      let again = talk.sync(&node, with: &hub)
      if !again.isEven || again.rounds != 1 { Issue.record("seed \(seed): \(again)") }
    }
  }

  @Test("Two branches behind a stem of many batches", arguments: [1, 2, 3, 7, 50])
  func longStem(limit: Int) {
    for (left, right) in [(1, 1), (3, 1), (1, 3), (0, 2), (2, 0), (9, 30), (30, 9)] {
      var node = replica(40)
      var hub = node
      for step in 0..<left { seal(&node, Int64(1000 + step)) }
      for step in 0..<right { seal(&hub, Int64(2000 + step)) }
      var talk = Talk(limit: limit, random: SeededRandom(seed: 1))
      let outcome = talk.sync(&node, with: &hub)
      #expect(outcome.isEven && talk.problems.isEmpty, "\(left) against \(right): \(outcome)")
      #expect(outcome.rounds <= 6 + (2 * 40 + left + right) / limit, "\(left) against \(right): \(outcome)")
    }
  }

  @Test("Several forked streams share the batches")
  func severalLongStems() {
    for limit in [1, 2, 5, 11] {
      for seed in 0..<10 as Range<UInt64> {
        var random = SeededRandom(seed: SeededRandom.firstSeed &+ seed)
        var node = Replica(origin: origin(1))
        var authors = [replica(0, 2), replica(0, 3), replica(0, 4)]
        for step in 0..<40 { seal(&authors[random.below(3)], Int64(step)) }
        for author in authors.shuffled(using: &random) { node.take(author.log) }
        var hub = node
        for index in authors.indices {
          var branches = [authors[index], authors[index]]
          for step in 0..<6 { seal(&branches[random.below(2)], Int64(100 + step)) }
          node.take(branches[0].log)
          hub.take(branches[1].log)
        }
        var talk = Talk(limit: limit, random: random)
        let outcome = talk.sync(&node, with: &hub)
        if !outcome.isEven || !talk.problems.isEmpty {
          Issue.record("seed \(seed), batches of \(limit): \(outcome), \(talk.problems)")
        }
      }
    }
  }

  @Test("While clerks type on both sides all that was sealed before comes over", arguments: 0..<5)
  func busyClerks(batch: UInt64) {
    worlds(10_000 + batch * 40..<10_000 + batch * 40 + 40) { seed, world in
      var random = SeededRandom(seed: seed)
      var (node, hub) = (random.pick(world.replicas), random.pick(world.replicas))
      var talk = Talk(limit: 2 + random.below(12), random: random)
      talk.edits = 30
      let before = (node.log + hub.log).map(\.hash)
      let outcome = talk.sync(&node, with: &hub)
      if !outcome.isEven { Issue.record("seed \(seed): stuck, \(talk.difference(node, hub) ?? "but the same")") }
      if !before.allSatisfy({ node.holds($0) && hub.holds($0) }) { Issue.record("seed \(seed): something is missing") }
      if !talk.problems.isEmpty { Issue.record("seed \(seed): \(talk.problems)") }
    }
  }

  @Test("Cut anywhere, again and again: nothing is lost and no side is reported in sync wrongly", arguments: 0..<10)
  func cutAnywhere(batch: UInt64) {
    worlds(20_000 + batch * 30..<20_000 + batch * 30 + 30) { seed, world in
      var random = SeededRandom(seed: seed)
      var (node, hub) = (random.pick(world.replicas), random.pick(world.replicas))
      var talk = Talk(limit: 1 + random.below(8), random: random)
      talk.loss = 20 + random.below(60)
      var cuts = 0
      for _ in 0..<8 {
        let before = (node.log.count, hub.log.count)
        let outcome = talk.sync(&node, with: &hub)
        cuts += outcome.isCut ? 1 : 0
        if node.log.count < before.0 || hub.log.count < before.1 { Issue.record("seed \(seed): something was lost") }
      }
      talk.loss = 0
      let outcome = talk.sync(&node, with: &hub)
      if !outcome.isEven { Issue.record("seed \(seed): stuck, \(talk.difference(node, hub) ?? "but the same")") }
      if !talk.problems.isEmpty { Issue.record("seed \(seed): \(talk.problems)") }
    }
  }

  @Test("Nodes, clones, copies put back, a hub put back: two rounds of syncs bring all in sync", arguments: 0..<10)
  func aroundAHub(batch: UInt64) {
    worlds(30_000 + batch * 10..<30_000 + batch * 10 + 10) { seed, world in
      var random = SeededRandom(seed: seed)
      var nodes = world.replicas
      var hub = Replica(origin: origin(77))
      var backups: [Replica] = [hub]
      var talk = Talk(limit: 1 + random.below(10), random: random)
      talk.edits = 10
      for _ in 0..<30 {
        let number = random.below(nodes.count)
        talk.loss = random.pick([0, 0, 40])
        _ = talk.sync(&nodes[number], with: &hub)
        if random.chance(20) { backups.append(hub) }
        if random.chance(10) { hub = random.pick(backups) }
        if random.chance(10) { nodes[number] = random.pick(world.replicas) }
        if nodes.count < 8, random.chance(10) { nodes.append(nodes[number]) }
      }
      (talk.loss, talk.edits) = (0, 0)
      for _ in 0..<2 {
        for number in nodes.indices where !talk.sync(&nodes[number], with: &hub).isEven {
          Issue.record("seed \(seed): node \(number) is stuck")
        }
      }
      for node in nodes where talk.difference(node, hub) != nil { Issue.record("seed \(seed): not the same") }
      if !talk.problems.isEmpty { Issue.record("seed \(seed): \(talk.problems)") }
    }
  }

  @Test("A chain of relays carries everything both ways", arguments: 0..<5)
  func relays(batch: UInt64) {
    worlds(40_000 + batch * 20..<40_000 + batch * 20 + 20) { seed, world in
      var random = SeededRandom(seed: seed)
      var chain = world.replicas.shuffled(using: &random) + [Replica(origin: origin(78))]
      var talk = Talk(limit: 1 + random.below(10), random: random)
      for _ in 0..<2 {
        for link in Array(1..<chain.count) + (1..<chain.count).reversed() {
          var (lower, upper) = (chain[link - 1], chain[link])
          if !talk.sync(&lower, with: &upper).isEven { Issue.record("seed \(seed): link \(link) is stuck") }
          (chain[link - 1], chain[link]) = (lower, upper)
        }
      }
      for store in chain where talk.difference(store, chain[0]) != nil { Issue.record("seed \(seed): not the same") }
      if !talk.problems.isEmpty { Issue.record("seed \(seed): \(talk.problems)") }
    }
  }

  @Test("The random worlds reach forks, unknown branches and repeated stems, and repeat little")
  func reachesTheHardCases() {
    var forks = 0
    var differing = 0
    var repeated = 0
    var repeatedIn = 0
    var fresh = 0
    worlds(0..<600) { seed, world in
      var random = SeededRandom(seed: seed)
      var (node, hub) = (random.pick(world.replicas), random.pick(world.replicas))
      var talk = Talk(limit: 5, random: random)
      differing += talk.difference(node, hub) == nil ? 0 : 1
      _ = talk.sync(&node, with: &hub)
      forks += node.table.streams.contains { $0.parent != nil } ? 1 : 0
      repeatedIn += talk.repeated > 0 ? 1 : 0
      repeated += talk.repeated
      fresh += talk.fresh
    }
    #expect(differing > 200)
    #expect(forks > 30)
    #expect(repeatedIn > 4)
    #expect(repeated < fresh / 4)
  }
}
