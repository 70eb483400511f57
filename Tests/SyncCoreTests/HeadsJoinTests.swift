import SyncCore
import TestSupport
import Testing

/// Joining two stores' heads gives what the changes themselves would have given.
@Suite struct HeadsJoinTests {
  @Test("A join is as absorbing the other's changes, in both directions and again", arguments: 0..<40)
  func asByTheLog(batch: Int) {
    for number in 0..<60 as Range<UInt64> {
      let seed = SeededRandom.firstSeed &+ 3_000_000 &+ UInt64(batch) * 60 &+ number
      var world = World(seed: seed)
      world.run(steps: 4 + Int(seed % 40))
      for a in world.replicas {
        for b in world.replicas {
          // What waited in the one may be absorbed once it holds what the other has.
          let rest = Array(a.waiting.values)
          var byLog = a
          byLog.take(b.log)
          var joined = a.joined(with: b)
          joined.take(rest)
          let expected = Canonical(byLog, rules: world.rules)
          guard Canonical(joined, rules: world.rules) == expected else {
            Issue.record("seed \(seed): a join differs from the log")
            return
          }
          guard Canonical(joined.joined(with: b), rules: world.rules) == expected else {
            Issue.record("seed \(seed): joining again changes something")
            return
          }
        }
      }
    }
  }

  @Test("After joins changes go on being absorbed, to the same end", arguments: 0..<20)
  func goesOn(batch: Int) {
    for number in 0..<40 as Range<UInt64> {
      let seed = SeededRandom.firstSeed &+ 4_000_000 &+ UInt64(batch) * 40 &+ number
      var world = World(seed: seed)
      world.run(steps: 10 + Int(seed % 30))
      let expected = Canonical(world.freshReplica(), rules: world.rules)
      var joined = Replica(origin: Origin(node: NodeID(high: 8, low: 8), nonce: 8))
      for replica in world.replicas { joined = joined.joined(with: replica) }
      joined.take(world.shuffledSegments())
      if Canonical(joined, rules: world.rules) != expected { Issue.record("seed \(seed)") }
    }
  }

  private func clock(_ stream: StreamNumber, _ sequence: Int64) -> Clock {
    Clock(stream: stream, sequence: sequence, time: 0)
  }

  private func row(_ clock: Clock, _ contents: [RegisterKey: Content] = [:]) -> RecordState {
    RecordState(rows: [RowHead(clock: clock, contents: contents)], registers: [:], deletions: [])
  }

  @Test("What the other side knows and no longer has goes; what it does not know stays")
  func rule() {
    let mine = row(clock(0, 1))
    let theirs = row(clock(1, 1))
    let known = HeadsJoin.join(mine: mine, theirs: theirs, iKnow: { _ in false }, theyKnow: { _ in true })
    #expect(known == theirs)
    let unknown = HeadsJoin.join(mine: mine, theirs: theirs, iKnow: { _ in false }, theyKnow: { _ in false })
    #expect(unknown.rows.map(\.clock) == [clock(0, 1), clock(1, 1)])
    let behind = HeadsJoin.join(mine: mine, theirs: theirs, iKnow: { _ in true }, theyKnow: { _ in false })
    #expect(behind == mine)
    let nothing = RecordState()
    #expect(HeadsJoin.join(mine: nothing, theirs: theirs, iKnow: { _ in false }, theyKnow: { _ in false }) == theirs)
    #expect(HeadsJoin.join(mine: mine, theirs: nothing, iKnow: { _ in false }, theyKnow: { _ in true }) == mine)
  }

  @Test("A deletion and an edit that do not know of each other both stay")
  func contested() {
    let deleted = RecordState(
      rows: [RowHead(clock: clock(0, 1), contents: [:])], registers: [:],
      deletions: [RecordState.Deletion(clock: clock(0, 2), covered: [clock(0, 1)])])
    let name = RegisterKey(1)
    let edited = RecordState(
      rows: [RowHead(clock: clock(0, 1), contents: [:])],
      registers: [name: [Head(clock: clock(1, 1), content: Content([Cell(field: 1, value: .integer(5))]))]],
      deletions: [])
    for (mine, theirs) in [(deleted, edited), (edited, deleted)] {
      let joined = HeadsJoin.join(
        mine: mine, theirs: theirs, iKnow: { $0 == self.clock(0, 1) }, theyKnow: { $0 == self.clock(0, 1) })
      #expect(joined.existenceIsContested && joined.survivingEdits == [clock(1, 1)])
      #expect(joined.heads(name).count == 1)
    }
  }
}
