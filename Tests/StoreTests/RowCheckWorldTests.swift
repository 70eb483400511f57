import SyncCore
import TestSupport
import Testing

@testable import Store

/// Random statements that no trigger saw, beside those that triggers saw.
@Suite struct RowCheckWorldTests {
  @Test(
    "Whatever was done behind the triggers' back, after the row check all nodes agree with the log",
    arguments: 0..<24)
  func worlds(_ offset: UInt64) throws {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ offset)
    let house = try House()
    let hq = try house.add("otuts")
    let nodes = [hq, try house.add("ftuu"), try house.add("ftuu", office: "Samarkand"), try house.add("fturk")]
    for node in nodes { try node.hurry() }
    var manners = Clerk.Manners()
    manners.typesNonsense = random.chance(40)
    manners.oversteps = random.chance(40)
    manners.sharesKeys = random.chance(40)
    let clerk = Clerk(federations: ["ftuu", "fturk", "otuts"], manners: manners)
    let catalog = try hq.store.catalog()
    for step in 0..<24 {
      let node = random.pick(nodes)
      let statement = clerk.statement(node.role, catalog, &random)
      if random.chance(50) {
        try node.type([statement])
      } else {
        try Self.typeUnseen(statement, node)
      }
      if random.chance(30) { try check(node, "seed \(offset), step \(step)") }
      if random.chance(30) {
        try check(node, "seed \(offset), step \(step)")
        try Exchange.sync(random.pick(Array(nodes.dropFirst())), hq)
      }
    }
    for node in nodes { try check(node, "seed \(offset), end") }
    try Exchange.settle(hq, Array(nodes.dropFirst()))
    for node in nodes {
      let problems = try node.store.verify().problems
      if !problems.isEmpty { Issue.record("seed \(offset): \(node.name) \(problems)") }
      try node.store.checkRows(takes: false) { Issue.record("seed \(offset): \(node.name) \($0)") }
      #expect(try Recount.difference(node) == nil, "seed \(offset): \(node.name)")
    }
    try expectEqual(nodes[1], nodes[2], "seed \(offset)")
  }

  /// Runs a statement on a connection that fires no trigger, as a clerk's tool may have them switched off.
  private static func typeUnseen(_ sql: String, _ node: TestNode) throws {
    do { try node.execute(sql) } catch let error as StoreError where error.code == .invalid {}
  }

  private func check(_ node: TestNode, _ context: String) throws {
    try node.store.checkRows(takes: true) { _ in }
    try node.store.checkRows(takes: false) { Issue.record("\(context): \(node.name) still differs: \($0)") }
  }
}
