import SyncCore
import TestSupport
import Testing

@testable import Consolidation

/// Where units stand: every unit once, whatever the links.
@Suite struct UnitTreeTests {
  private static let federations = ["a", "b"]

  private func tree(_ units: [(code: String, owner: String)], _ links: [(String, String)]) -> UnitTree {
    var tree = UnitTree(headquarters: "hq", federations: Set(Self.federations))
    for unit in units { tree.add(UnitTree.Unit(code: unit.code, owner: unit.owner, sort: "", name: "")) }
    for link in links { tree.link(link.0, to: link.1) }
    return tree
  }

  @Test("Units without a link stand under their federation, and what has no place is listed by cause")
  func places() {
    let units = tree(
      [
        ("a", "hq"), ("r", "a"), ("p", "a"), ("q", "a"), ("x", "b"), ("c1", "a"), ("c2", "a"), ("t", "a"), ("m", "a"),
        ("n", "a"), ("h", "hq"), ("k", "hq"), ("under-m", "a"),
      ],
      [
        ("p", "r"), ("c1", "c2"), ("c2", "c1"), ("t", "c1"), ("m", "nobody"), ("n", "x"), ("k", "r"), ("under-m", "m"),
      ])
    let placed = FederationTree(
      units, federation: "a",
      counting: ["r", "p", "q", "x", "c1", "c2", "t", "m", "n", "h", "k", "under-m", "unheard", "a"])
    #expect(placed.children(of: "a") == ["q", "r"])
    #expect(placed.children(of: "r") == ["k", "p"])
    #expect(
      placed.loose == [
        .unregistered: ["unheard"], .foreign: ["x"], .circle: ["c1", "c2"], .unknownParent: ["m"],
        .foreignParent: ["n"],
        .unlinked: ["h"],
      ])
    #expect(placed.everything(under: "c1") == ["c1", "t"] && placed.everything(under: "m") == ["m", "under-m"])
  }

  @Test("In random trees every unit that counts is found once, and no walk is endless")
  func random() {
    for seed in 0..<1000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let codes = (0..<(1 + random.below(14))).map { "u\($0)" } + Self.federations
      let units = codes.filter { _ in random.below(5) > 0 }.map { ($0, ["a", "b", "hq"][random.below(3)]) }
      let links = codes.filter { _ in random.below(2) == 0 }.map {
        ($0, (codes + ["nobody"])[random.below(codes.count + 1)])
      }
      let all = tree(units, links)
      for federation in ["a", "b", "hq"] {
        let counting = codes.filter { _ in random.below(3) > 0 }
        let placed = FederationTree(all, federation: federation, counting: counting)
        let tops = [federation] + placed.loose.values.joined()
        let found = tops.flatMap { placed.everything(under: $0) }
        #expect(found.count == Set(found).count, "seed \(seed): a unit stands twice")
        #expect(Set(counting).subtracting(found).subtracting([federation]).isEmpty, "seed \(seed): a unit is lost")
      }
    }
  }
}
